// How is the ranking sum calibrated to a probability? Fits the bias, the slopes and the weight of the margin of
// crates/openmemory-index/src/score.rs on questions with known answers, and draws a reliability diagram.
//   node benchmark/fit-scores.mjs FILE...        [--draw scores.svg]
// Each FILE is as for fit-ranking.mjs, with at least two users; `xquad.mjs` makes some in eleven languages. It is used with its runs, without them, and again in
// stores of 1 to 100 of its memories. Each question is asked in the store of its own user, which can answer it, and of
// another user, which cannot. Method: a grid search for the numbers with the largest margin on the worst kind of data:
// at .1 ≥ 95 % of the gold kept, at .5 ≥ 75 % of the gold kept and ≤ 10 % of strangers' questions answered, and a
// calibration error of the best hit (ten bins) ≤ .10. The weight of `same` is fixed, so that equal texts score .9 in
// any store.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { OpenMemory } from '../index.mjs'

const GRID = {
  bias: [-2, -2.15, -2.3, -2.45],
  among: [-0.5, -0.57, -0.64],
  against: [0.9, 1, 1.1],
  for: [0.04, 0.055, 0.07],
  margin: [8, 11, 15, 19],
}
/** The exponent of the others' common evidence: `SHARPNESS` of margin.rs. */
const SHARPNESS = 0.75
const SIZES = [1, 10, 100]

const { values, positionals: files } = parseArgs({ options: { draw: { type: 'string' } }, allowPositionals: true })
if (files.length === 0) {
  console.error('usage: node benchmark/fit-scores.mjs FILE... [--draw FILE.svg]')
  process.exit(2)
}
const random = randomFrom(7)
const kinds = []
for (const file of files) {
  const { users } = JSON.parse(readFileSync(file, 'utf8'))
  const name = basename(file, '.json')
  kinds.push({ name: `${name}, in runs`, wanted: true, asked: await ask(users, true) })
  kinds.push({ name: `${name}, single`, wanted: true, asked: await ask(users, false) })
  for (const size of SIZES) {
    const small = Array.from({ length: Math.ceil(200 / size) }, (_, at) => part(users[at % users.length], size))
    kinds.push({ name: `${name}, ${size} each`, asked: await ask(small, false, users) })
  }
}
const today = (hits) => hits.map(({ score }) => score)
for (const kind of kinds) console.log(`today  ${kind.name}: ${summary(judge(kind.asked, today))}`)
const fitted = fit()
console.log('fitted', fitted.numbers)
for (const kind of kinds) console.log(`fitted ${kind.name}: ${summary(judge(kind.asked, scorer(fitted.numbers)))}`)
if (values.draw) writeFileSync(values.draw, drawn())

/** For every question the best hits of its own user with gold labels, and the best hit of another user. */
async function ask(users, runs, askers = users) {
  const path = mkdtempSync(join(tmpdir(), 'fit-scores-'))
  const om = new OpenMemory({ path, durability: 'interval' })
  try {
    for (const [at, { memories }] of users.entries()) {
      for (let from = 0; from < memories.length; from += 500) {
        await om.addMemories(
          memories.slice(from, from + 500).map((memory) => ({
            content: memory.text,
            user_id: `u${at}`,
            tags: memory.tags ?? [],
            metadata: { source: memory.id },
            ...(runs && { run_id: memory.run ?? memory.tags?.find((tag) => tag.startsWith('session_')) }),
          })),
        )
      }
    }
    const asked = []
    for (const [at, { queries, user }] of users.entries()) {
      for (const { text, gold } of queries) {
        asked.push({ own: await hits(om, text, `u${at}`, 10, new Set(gold)), strange: [] })
      }
      const others = askers.filter((other) => other.user !== user).flatMap((other) => other.queries)
      for (let n = 0; n < Math.max(1, queries.length); n++) {
        const { text } = others[Math.floor(random() * others.length)]
        asked.push({ own: [], strange: await hits(om, text, `u${at}`, 10, new Set()) })
      }
    }
    return asked
  } finally {
    await om.close()
    rmSync(path, { recursive: true, force: true })
  }
}

async function hits(om, query, user, k, gold) {
  const found = await om.searchMemories(query, { limit: k, filters: { user_id: user }, explain: true })
  return found.map(({ score, explain, metadata }) => {
    const { bias: _, among, margin, ...ranking } = explain
    const sum = Object.values(ranking).reduce((sum, { value, weight }) => sum + value * weight, 0)
    return { gold: gold.has(metadata.source), score, sum, among: among.value, best: margin.value > 0 }
  })
}

/** A user with a sample of the memories, and the questions that they answer, at least one. */
function part({ user, memories, queries }, size) {
  const query = queries[Math.floor(random() * queries.length)]
  const gold = memories.find(({ id }) => query.gold.includes(id))
  const others = memories.filter(({ id }) => !query.gold.includes(id))
  const chosen = Array.from({ length: size - 1 }, () => others[Math.floor(random() * others.length)])
  const kept = [...new Set([gold, ...chosen].filter(Boolean))]
  const ids = new Set(kept.map(({ id }) => id))
  return { user, memories: kept, queries: queries.filter(({ gold }) => gold.some((id) => ids.has(id))) }
}

/** The scores of the ten best hits with these numbers. */
function scorer(numbers) {
  return (hits) => {
    const evidence = hits.map(({ sum, among }) => numbers.bias + numbers.among * among + sum)
    // Those with a margin say the same as the best one, and do not count against it.
    const others = evidence.filter((_, at) => at > 0 && !hits[at].best)
    const common = Math.log(others.reduce((sum, x) => sum + Math.exp(SHARPNESS * x), 0)) / SHARPNESS
    return evidence.map((own, at) => {
      const margin = at === 0 || hits[at].best ? Math.max(0, own - Math.max(0, common)) : 0
      const x = own + numbers.margin * margin
      return 1 / (1 + Math.exp(-x * (x < 0 ? numbers.against : numbers.for)))
    })
  }
}

function judge(asked, score) {
  const bins = reliability(asked, score)
  const best = asked.flatMap(({ own }) => score(own)[own.findIndex(({ gold }) => gold)] ?? [])
  const strange = asked.flatMap(({ strange }) => score(strange).slice(0, 1))
  const questions = asked.filter(({ own }) => own.length > 0).length
  const share = (scores, least) => scores.filter((score) => score >= least).length / scores.length
  const error = bins.reduce((sum, bin) => sum + Math.abs(bin.score - bin.right), 0) / questions
  return { error, kept1: share(best, 0.1), kept5: share(best, 0.5), strange5: share(strange, 0.5) }
}

/** Bins of the best hits by score: their number, the sum of scores, and the number of correct ones. */
function reliability(asked, score) {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, score: 0, right: 0 }))
  for (const { own } of asked.filter(({ own }) => own.length > 0)) {
    const best = score(own)[0]
    const bin = bins[Math.min(9, Math.floor(best * 10))]
    bin.count += 1
    bin.score += best
    bin.right += own[0].gold ? 1 : 0
  }
  return bins
}

/** The margin by which the requirements are met. */
function slack({ error, kept1, kept5, strange5 }) {
  return Math.min(0.1 - error, kept1 - 0.95, (kept5 - 0.75) / 2, 0.1 - strange5)
}

function fit() {
  const all = Object.entries(GRID).reduce(
    (all, [name, values]) => all.flatMap((numbers) => values.map((value) => ({ ...numbers, [name]: value }))),
    [{}],
  )
  const wanted = kinds.filter(({ wanted }) => wanted)
  const worst = (numbers) => Math.min(...wanted.map(({ asked }) => slack(judge(asked, scorer(numbers)))))
  return all
    .map((numbers) => ({ numbers, worst: worst(numbers) }))
    .reduce((best, next) => (next.worst > best.worst ? next : best))
}

function summary({ error, kept1, kept5, strange5 }) {
  const percent = (share) => `${(share * 100).toFixed(1)} %`
  return `error ${error.toFixed(3)}; gold kept at .1 ${percent(kept1)}, at .5 ${percent(kept5)}; strangers at .5 ${percent(strange5)}`
}

/** A reliability diagram: how often the best hit is correct, by score. A calibrated score lies on the diagonal. */
function drawn() {
  const [size, left, colours] = [360, 50, ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']]
  const x = (value) => left + value * (size - left - 20)
  const y = (value) => size - left - value * (size - left - 20)
  const label = (at, top, words, more = '') => `<text x="${at}" y="${top}" ${more}>${words}</text>`
  const parts = [`<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#bbb" stroke-dasharray="4"/>`]
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    parts.push(`<path d="M${x(value)} ${y(0)}V${y(1)}M${x(0)} ${y(value)}H${x(1)}" stroke="#eee"/>`)
    parts.push(label(x(value) - 8, y(0) + 16, value.toFixed(1)), label(x(0) - 26, y(value) + 4, value.toFixed(1)))
  }
  const shown = kinds.filter(({ wanted }) => wanted)
  for (const [at, { name, asked }] of shown.entries()) {
    const colour = colours[at % colours.length]
    const bins = reliability(asked, today).filter(({ count }) => count >= 10)
    const points = bins.map(({ count, score, right }) => [x(score / count), y(right / count), Math.sqrt(count)])
    parts.push(
      `<path d="M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}" stroke="${colour}" fill="none"/>`,
    )
    for (const [x, y, r] of points) {
      parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(1 + r / 4).toFixed(1)}" fill="${colour}"/>`)
    }
    parts.push(label(size + 10, 40 + at * 18, name, `fill="${colour}"`))
  }
  parts.push(label(x(0.3), size - 12, 'score of the best hit'), label(4, 16, 'share of best hits that answer'))
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size + 220} ${size}" font-family="sans-serif" font-size="12">`
  return `${open}<rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`
}

function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

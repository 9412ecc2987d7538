// Which weights rank best? Fits those of crates/openmemory-index/src/score.rs on questions with known answers.
//   node benchmark/fit-ranking.mjs FILE
// FILE is JSON: {users: [{user, memories: [{id, text, tags?, run?}], queries: [{text, gold: [ids]}]}]}. Without `run`,
// a tag that begins with `session_` is used. Each conversation is used twice: with its runs, and without. Method:
// listwise logistic regression (L2 0.001), which maximises the likelihood of the gold memories in a softmax over the
// best 200 of each question. fit-scores.mjs fits the calibration to a probability. Prints the weights, and recall@5 and
// MRR of each conversation with weights fitted on the others.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'

const CANDIDATES = 200
const L2 = 1e-3
const STEPS = 500
/** Not fitted here: the data has neither dates, use nor feedback, or the feature is the same for all candidates. */
const GIVEN = new Set(['time', 'salience', 'feedback', 'same', 'in_run', 'among', 'background', 'bias'])

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('usage: node benchmark/fit-ranking.mjs FILE')
  process.exit(2)
}
const { users } = JSON.parse(readFileSync(file, 'utf8'))

const lists = [...(await rankings(true)), ...(await rankings(false))]
const names = Object.keys(lists[0].candidates[0].values).filter((name) => !GIVEN.has(name))
const groups = [...new Set(lists.map((list) => list.user))]
for (const runs of [true, false]) {
  const held = groups.flatMap((group) => {
    const weights = fit(lists.filter((list) => list.user !== group))
    return lists.filter((list) => list.user === group && list.runs === runs).map((list) => quality(list, weights))
  })
  const mean = (key) => (held.reduce((sum, row) => sum + row[key], 0) / held.length).toFixed(4)
  console.log(
    `${runs ? 'in runs' : 'single '}  recall@5 ${mean('recall')}  MRR ${mean('mrr')}  (each by the others' weights)`,
  )
}
const weights = fit(lists)
console.log(Object.fromEntries(names.map((name, i) => [name, Number(weights[i].toFixed(2))])))

/** The best candidates of every question with their features and gold labels. */
async function rankings(runs) {
  const path = mkdtempSync(join(tmpdir(), 'fit-ranking-'))
  const om = new OpenMemory({ path, durability: 'interval' })
  try {
    const lists = []
    for (const { user, memories, queries } of users) {
      for (let from = 0; from < memories.length; from += 500) {
        const items = memories.slice(from, from + 500).map((memory) => ({
          content: memory.text,
          tags: memory.tags ?? [],
          user_id: user,
          metadata: { source: memory.id },
          ...(runs ? { run_id: memory.run ?? memory.tags?.find((tag) => tag.startsWith('session_')) } : {}),
        }))
        await om.addMemories(items)
      }
      for (const query of queries) {
        const gold = new Set(query.gold)
        const hits = await om.searchMemories(query.text, { limit: 1000, filters: { user_id: user }, explain: true })
        const candidates = hits
          .map(({ metadata, explain }) => ({
            gold: gold.has(metadata.source),
            values: Object.fromEntries(Object.entries(explain).map(([name, part]) => [name, part.value])),
          }))
          .filter((candidate, rank) => rank < CANDIDATES || candidate.gold)
        if (candidates.some((candidate) => candidate.gold)) lists.push({ user, runs, candidates, wanted: gold.size })
      }
    }
    return lists
  } finally {
    await om.close()
    rmSync(path, { recursive: true, force: true })
  }
}

function score(candidate, weights) {
  return names.reduce((sum, name, i) => sum + weights[i] * candidate.values[name], 0)
}

/** Gradient descent with momentum on standardised features. The loss is convex. */
function fit(train) {
  const parts = names.length
  const all = train.flatMap((list) => list.candidates)
  const scale = names.map((name) => {
    const mean = all.reduce((sum, c) => sum + c.values[name], 0) / all.length
    return Math.sqrt(all.reduce((sum, c) => sum + (c.values[name] - mean) ** 2, 0) / all.length) || 1
  })
  const x = Float64Array.from(all.flatMap((c) => names.map((name, i) => c.values[name] / scale[i])))
  const y = Float64Array.from(
    train.flatMap(({ candidates }) => {
      const golden = candidates.filter((candidate) => candidate.gold).length
      return candidates.map((candidate) => Number(candidate.gold) / golden)
    }),
  )
  const w = new Float64Array(parts)
  const speed = new Float64Array(parts)
  const odds = new Float64Array(all.length)
  for (let step = 0; step < STEPS; step++) {
    const slope = w.map((value) => 2 * L2 * value)
    let from = 0
    for (const { candidates } of train) {
      const to = from + candidates.length
      let [top, total] = [-Infinity, 0]
      for (let c = from; c < to; c++) {
        odds[c] = 0
        for (let i = 0; i < parts; i++) odds[c] += x[c * parts + i] * w[i]
        top = Math.max(top, odds[c])
      }
      for (let c = from; c < to; c++) total += odds[c] = Math.exp(odds[c] - top)
      for (let c = from; c < to; c++) {
        const error = (odds[c] / total - y[c]) / train.length
        for (let i = 0; i < parts; i++) slope[i] += error * x[c * parts + i]
      }
      from = to
    }
    for (let i = 0; i < parts; i++) {
      speed[i] = 0.9 * speed[i] - 0.3 * slope[i]
      w[i] += speed[i]
    }
  }
  return names.map((_, i) => w[i] / scale[i])
}

function best(list, weights) {
  return list.candidates
    .map((candidate) => ({ gold: candidate.gold, score: score(candidate, weights) }))
    .sort((a, b) => b.score - a.score)
}

function quality(list, weights) {
  const ranked = best(list, weights)
  const first = ranked.findIndex((candidate) => candidate.gold)
  const recall = ranked.slice(0, 5).filter((candidate) => candidate.gold).length / list.wanted
  return { recall, mrr: first < 20 ? 1 / (first + 1) : 0 }
}

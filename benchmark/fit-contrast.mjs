// Which echo and contrast does an embedding model need? Both are constants of the multilingual model in
// crates/openmemory-embedding/src/model.rs, and the caution that goes with a contrast is in
// crates/openmemory-index/src/cosine_scale.rs (ADR 109).
//   node benchmark/fit-contrast.mjs FILE...
// Each FILE is as for fit-scores.mjs: `xquad.mjs` makes some in eleven languages, of sentences and of paragraphs. Questions
// are asked once. What other numbers would give is computed from what `explain` says: every second question chooses, and
// the others say how good the choice is.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { OpenMemory } from '../index.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'npm', 'model-multilingual')
/** The package's own settings; `npm run build:multilingual` makes its files. */
const EMBEDDER = {
  ...{ model: join(FOLDER, 'multilingual-e5-small.onnx'), tokenizer: join(FOLDER, 'tokenizer.json') },
  ...{ queryPrefix: 'query: ', passagePrefix: 'passage: ' },
}
/** What the hits are ranked with now. */
const TODAY = {
  contrast: constant('crates/openmemory-embedding/src/model.rs', 'MULTILINGUAL_CONTRAST'),
  caution: constant('crates/openmemory-index/src/cosine_scale.rs', 'CAUTION'),
  usual: constant('crates/openmemory-index/src/cosine_scale.rs', 'USUAL_DENSE'),
}

const ECHOES = [0.936, 0.95, 0.96, 0.97]
const CONTRASTS = [1, 1.1, 1.15, 1.2]
const CAUTIONS = [0, 0.33, 0.5, 0.67, 0.84]
/** As in score.rs and margin.rs. */
const [FOR, SHARPNESS, NEAR_DUPLICATE, EQUAL, LIKELY] = [0.055, 0.75, 0.85, 0.95, 10]
const SHOWN = 200

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('usage: node benchmark/fit-contrast.mjs FILE...')
  process.exit(2)
}
const kinds = []
for (const file of files)
  kinds.push({ name: basename(file, '.json'), asked: await ask(JSON.parse(readFileSync(file, 'utf8'))) })
const scale = line(
  kinds.flatMap(({ asked }) => asked.flatMap(({ all }) => all.map((hit) => [hit.similarity, hit.dense]))),
)
const settings = ECHOES.flatMap((echo) =>
  CONTRASTS.flatMap((contrast) => CAUTIONS.map((caution) => ({ echo, contrast, caution: contrast > 1 ? caution : 0 }))),
)
const isChosenBy = (_, at) => at % 2 === 0
const best = settings
  .map((numbers) => ({
    numbers,
    worst: Math.min(...kinds.map(({ asked }) => slack(judge(asked.filter(isChosenBy), numbers)))),
  }))
  .reduce((best, next) => (next.worst > best.worst ? next : best))
console.log('chosen', best.numbers)
for (const { name, asked } of kinds) {
  const others = asked.filter((_, at) => !isChosenBy(_, at))
  console.log(`today  ${name}: ${summary(judge(others))}`)
  console.log(`chosen ${name}: ${summary(judge(others, best.numbers))}`)
}

/** The hits of each question among all memories, among those of its user, and among those of another user. */
async function ask({ users }) {
  const path = mkdtempSync(join(tmpdir(), 'fit-contrast-'))
  const om = new OpenMemory({ path, durability: 'interval', embedder: EMBEDDER })
  const add = async (user, memories) => {
    for (let from = 0; from < memories.length; from += 500) {
      const items = memories.slice(from, from + 500)
      await om.addMemories(items.map(({ id, text }) => ({ content: text, user_id: user, metadata: { source: id } })))
    }
  }
  try {
    for (const [at, { memories }] of users.entries()) await add(`u${at}`, memories)
    const everything = users.flatMap(({ memories }) => memories)
    await add('all', everything)
    const asked = []
    for (const [at, { queries, memories }] of users.entries()) {
      const other = (at + 1) % users.length
      for (const { text, gold } of queries) {
        const from = async (user, limit, size) => hits(om, text, user, limit, new Set(gold), size)
        asked.push({
          own: await from(`u${at}`, 10, memories.length),
          strange: await from(`u${other}`, 10, users[other].memories.length),
          all: await from('all', SHOWN, everything.length),
        })
      }
    }
    return asked
  } finally {
    await om.close()
    rmSync(path, { recursive: true, force: true })
  }
}

async function hits(om, query, user, limit, gold, size) {
  const found = await om.searchMemories(query, { limit, filters: { user_id: user }, explain: true })
  return found.map(({ score, similarity, explain, metadata }) => {
    const { bias, among, margin, background, dense, lexical, same, run, ...rest } = explain
    const part = ({ value, weight } = { value: 0, weight: 0 }) => value * weight
    return {
      ...{ gold: gold.has(metadata.source), score, similarity, size, dense: dense.value, background: background.value },
      ...{ isBest: margin.value > 0, before: part(bias) + part(among), margin: margin.weight },
      weights: { dense: dense.weight + run.weight, same: same.weight, background: background.weight },
      // Without a run, `run` is the sum of lexical and dense.
      fixed: Object.values(rest).reduce((sum, each) => sum + part(each), part(lexical) + lexical.value * run.weight),
    }
  })
}

function constant(file, name) {
  const [, value] = new RegExp(`const ${name}: f32 = ([\\d.]+);`).exec(readFileSync(join(ROOT, file), 'utf8'))
  return Number(value)
}

/** The line through points, by least squares. */
function line(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)]
  const slope = mean((point) => (point[0] - x) * (point[1] - y)) / mean(([at]) => (at - x) ** 2)
  return { slope, constant: y - slope * x }
}

/** What a hit's sum and evidence would be with these numbers. */
function placed(hit, { echo, contrast, caution }) {
  const spread = ((1 - scale.constant) / TODAY.contrast) * contrast
  const again = (dense) => 1 - spread + (spread / echo) * ((dense - scale.constant) / scale.slope)
  const dense = again(hit.dense)
  const isSame = Math.min(1, Math.max(0, (dense - NEAR_DUPLICATE) / (EQUAL - NEAR_DUPLICATE)))
  const sum = hit.fixed + hit.weights.dense * dense + hit.weights.same * isSame
  const counted = hit.size / (hit.size + LIKELY)
  const mean = again(hit.background / counted + TODAY.usual - TODAY.caution * (TODAY.contrast - 1))
  const background = (mean - TODAY.usual + caution * (contrast - 1)) * counted
  return { sum, evidence: hit.before + hit.weights.background * background + sum }
}

function scores(hits, numbers) {
  if (numbers === undefined) return hits.map(({ score }) => score)
  const evidence = hits.map((hit) => placed(hit, numbers).evidence)
  const first = evidence.indexOf(Math.max(...evidence))
  const others = evidence.filter((_, at) => at !== first && !hits[at].isBest)
  const common = Math.log(others.reduce((sum, x) => sum + Math.exp(SHARPNESS * x), 0)) / SHARPNESS
  return evidence.map((own, at) => {
    const margin = at === first || hits[at].isBest ? Math.max(0, own - Math.max(0, common)) : 0
    const x = own + hits[at].margin * margin
    return 1 / (1 + Math.exp(-x * (x < 0 ? 1 : FOR)))
  })
}

function judge(asked, numbers) {
  const bins = Array.from({ length: 10 }, () => ({ score: 0, right: 0 }))
  let [found, kept1, kept5, strange5, recalled] = [0, 0, 0, 0, 0]
  for (const { own, strange, all } of asked) {
    const [mine, theirs] = [scores(own, numbers), scores(strange, numbers)]
    const answer = mine[own.findIndex(({ gold }) => gold)]
    found += answer === undefined ? 0 : 1
    kept1 += answer >= 0.1 ? 1 : 0
    kept5 += answer >= 0.5 ? 1 : 0
    strange5 += Math.max(...theirs) >= 0.5 ? 1 : 0
    const top = mine.indexOf(Math.max(...mine))
    const bin = bins[Math.min(9, Math.floor(mine[top] * 10))]
    bin.score += mine[top]
    bin.right += own[top].gold ? 1 : 0
    const sums = all.map((hit, at) => (numbers === undefined ? -at : placed(hit, numbers).sum))
    const at = all.findIndex(({ gold }) => gold)
    recalled += at >= 0 && sums.filter((sum) => sum > sums[at]).length < 5 ? 1 : 0
  }
  const error = bins.reduce((sum, bin) => sum + Math.abs(bin.score - bin.right), 0) / asked.length
  const share = (count) => count / asked.length
  return { error, kept1: kept1 / found, kept5: kept5 / found, strange5: share(strange5), recall: share(recalled) }
}

/** The margin by which the requirements are met. */
function slack({ error, kept1, kept5, strange5 }) {
  return Math.min(0.1 - error, kept1 - 0.95, (kept5 - 0.75) / 2, 0.1 - strange5)
}

function summary({ error, kept1, kept5, strange5, recall }) {
  const percent = (share) => `${(share * 100).toFixed(1)} %`
  return `error ${error.toFixed(3)}; gold kept at .1 ${percent(kept1)}, at .5 ${percent(kept5)}; strangers at .5 ${percent(strange5)}; recall@5 ${recall.toFixed(3)}`
}

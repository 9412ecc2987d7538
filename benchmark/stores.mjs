// Which memory store is how fast? `npm run bench [-- --quick --sizes 1000,10000 --only openmemory,mem0 --repeats 3,1
// --json FILE --docs --dir DIR]`: compares this package with Mem0, LanceDB, LangGraph's InMemoryStore and sqlite-vec,
// on the same texts and vectors, each in its own process. The stores are filled one after the other; then the
// measurements are interleaved, round by round.
//
// --quick    a few seconds for each, as a smoke test; the numbers are meaningless
// --sizes    how many memories; default 1000,10000,100000
// --only     some of the stores; default: all
// --repeats  repetitions for each size, interleaved; figures are medians; default 3,3,1
// --json     also writes the figures to FILE
// --docs     also writes docs/benchmarks/<date>/stores.md and its plots
// --dir      where the stores are created; default: the system's temporary directory

import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { OpenMemory } from '../index.mjs'
import { install } from './comparators.mjs'
import { memories } from './memories.mjs'
import { prepareVectors } from './model-embedder.mjs'
import { drawPlots } from './plots.mjs'
import { machine } from './report.mjs'
import { median } from './rounds.mjs'
import { CORPUS, searched } from './stores/measure.mjs'
import { about, FIGURES, goals, page, tables } from './stores/report.mjs'

const STORES = ['openmemory', 'mem0', 'lancedb', 'langgraph', 'sqlite-vec']
/** The measurements after filling, in this order. A change is applied before its measurement. */
const TURNS = [
  { key: 'search', measure: 'search' },
  { key: 'metadata', measure: 'metadata', change: 'live' },
  { key: 'metadata64', measure: 'metadata', inFlight: true },
  { key: 'contentFunction', measure: 'content' },
  { key: 'content', measure: 'content', change: 'embedItself' },
  { key: 'content64', measure: 'content', inFlight: true },
]
/** Rounds of each store, and the most that it does in each. */
const [ROUNDS, PER_ROUND] = [15, { count: 20, seconds: 1 }]
const [ROUNDS_IN_FLIGHT, IN_FLIGHT] = [3, { count: 256, seconds: 2 }]
/** The memory of a process varies by megabytes between processes. */
const OPENINGS = 5
const VECTORS = Object.fromEntries(
  ['corpus', 'questions'].map((name) => [name, fileURLToPath(new URL(`.vectors/${name}.f32`, import.meta.url))]),
)

const { quick, sizes, only, repeats, json, docs, dir } = options()
install()
const directory = mkdtempSync(join(resolve(dir), 'openmemory-bench-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))

const corpus = memories(Math.max(...sizes), CORPUS).map(({ content }) => content)
await prepareVectors(VECTORS.questions, searched(), () => {})
await prepareVectors(VECTORS.corpus, corpus, (done) => console.error(`> embedded ${done} of ${corpus.length} texts`))

// A store belongs to the model that filled it, so the embedder has the name of the shipped one.
const shipped = new OpenMemory({ path: join(directory, 'shipped') })
const model = (await shipped.reindex()).model.id
await shipped.close()

const results = []
for (const [at, count] of sizes.entries()) {
  const runs = []
  for (let round = 0; round < (repeats[at] ?? repeats.at(-1)); round++) runs.push(await measure(count))
  for (const store of only) results.push({ store, count, ...medians(runs.map((run) => run[store])) })
}
const facts = { date: new Date().toISOString(), quick, repeats, ...machine(directory), ...(await about(only)) }
const report = [tables(facts, results, sizes, only), goals(results)].filter(Boolean).join('\n\n')
console.log(report)
if (quick) console.log('\nA quick run shows that everything runs; its numbers mean nothing.')
if (json) writeFileSync(json, `${JSON.stringify({ facts, results }, null, 2)}\n`)
if (docs) writeDocs()

function writeDocs() {
  const date = facts.date.slice(0, 10)
  const folder = fileURLToPath(new URL(`../docs/benchmarks/${date}`, import.meta.url))
  drawPlots(folder, { facts, results, sizes, stores: only })
  writeFileSync(join(folder, 'stores.md'), page(date, report))
}

/** The figures of each store with `count` memories. */
async function measure(count) {
  const figures = {}
  const children = []
  for (const store of only) {
    const child = start({ ...jobOf(store, count), task: 'fill', count })
    figures[store] = await child.answer()
    children.push([store, child])
  }
  const ask = (child, asked) => {
    child.send(asked)
    return child.answer()
  }
  for (const { key, measure, change, inFlight } of TURNS) {
    if (change) for (const [, child] of children) await ask(child, { change })
    const measured = Object.fromEntries(only.map((store) => [store, []]))
    for (let round = 0; round < (quick ? 2 : inFlight ? ROUNDS_IN_FLIGHT : ROUNDS); round++) {
      for (const [store, child] of children) {
        const { times, rate } = await ask(child, { measure, inFlight, limit: inFlight ? IN_FLIGHT : PER_ROUND })
        measured[store].push(...(times ?? [rate]))
      }
    }
    for (const store of only) figures[store][key] = median(measured[store])
  }
  for (const [, child] of children) await ask(child, { change: 'close' })
  for (const store of only) await afterwards(store, count, figures[store])
  return figures
}

function jobOf(store, count) {
  return { store, model, vectors: VECTORS, directory: join(directory, `${store}-${count}`) }
}

/** The size of a store on disk and in memory, and how long it takes to open. */
async function afterwards(store, count, figures) {
  const { persistent } = (await import(`./stores/${store}.mjs`)).about
  const [many, one] = [jobOf(store, count), jobOf(store, 1)]
  const once = (job) => start(job).answer()
  figures.disk = persistent ? sizeOf(many.directory) / count : undefined
  // Subtract what a process uses with a store of one memory.
  const alone = start({ ...one, task: 'fill', count: 1 })
  const { held } = await alone.answer()
  alone.send({ change: 'close' })
  await alone.answer()
  if (persistent) {
    const opened = []
    for (let round = 0; round < (quick ? 1 : OPENINGS); round++) {
      const { resident: least } = await once({ ...one, task: 'reopen' })
      const { reopen, resident } = await once({ ...many, task: 'reopen' })
      opened.push({ reopen, memory: (resident - least) / count })
    }
    for (const key of ['reopen', 'memory']) figures[key] = median(opened.map((run) => run[key]))
  } else {
    figures.memory = (figures.held - held) / count
  }
  for (const { directory } of [many, one]) rmSync(directory, { recursive: true, force: true })
  console.error(`> ${store}, ${count}: ${FIGURES.map(({ key }) => `${key} ${figures[key]?.toFixed(2)}`).join(', ')}`)
}

/** A child process. `answer` waits for its next message. */
function start(job) {
  const child = fork(fileURLToPath(new URL('stores/measure.mjs', import.meta.url)), [JSON.stringify(job)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  })
  return {
    send: (message) => child.send(message),
    answer: () =>
      new Promise((resolve, reject) => {
        const ended = (code) => reject(new Error(`${job.store} ended with ${code}`))
        child.once('exit', ended)
        child.once('message', (message) => {
          child.off('exit', ended)
          resolve(message)
        })
      }),
  }
}

function medians(runs) {
  const of = (key) => (runs[0][key] === undefined ? undefined : median(runs.map((run) => run[key])))
  return Object.fromEntries(FIGURES.map(({ key }) => [key, of(key)]))
}

function sizeOf(path) {
  const stat = statSync(path)
  // Blocks instead of lengths, because files may be sparse.
  if (!stat.isDirectory()) return stat.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        sizes: { type: 'string' },
        only: { type: 'string', default: STORES.join() },
        repeats: { type: 'string' },
        json: { type: 'string' },
        docs: { type: 'boolean', default: false },
        dir: { type: 'string', default: tmpdir() },
      },
    })
    const only = values.only.split(',')
    const unknown = only.find((store) => !STORES.includes(store))
    if (unknown !== undefined) throw new TypeError(`--only: ${unknown} is none of ${STORES.join(', ')}`)
    const sizes = whole('sizes', values.sizes ?? (values.quick ? '200' : '1000,10000,100000'))
    const repeats = whole('repeats', values.repeats ?? (values.quick ? '1' : '3,3,1'))
    return { ...values, only, sizes, repeats }
  } catch (error) {
    console.error(error.message)
    return process.exit(2)
  }
}

function whole(name, text) {
  const numbers = text.split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return numbers
  throw new TypeError(`--${name} must be whole numbers, not ${text}`)
}

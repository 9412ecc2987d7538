// Which store for memories is how fast? `npm run bench [-- --quick --sizes 1000,10000 --only openmemory,mem0
// --repeats 3,1 --json FILE --docs --dir DIR]`: this package beside Mem0, LanceDB, LangGraph's InMemoryStore and
// sqlite-vec, on the same texts with the same vectors, each in a process of its own.
//
// --quick    a few seconds for each, to see that it runs; its numbers mean nothing
// --sizes    how many memories; default 1000,10000,100000
// --only     some of the stores; default: all
// --repeats  how often all is done for each size, the stores in turns; figures are medians; default 3,3,1
// --json     also writes the figures to FILE
// --docs     also writes the tables into docs/benchmarks.md and draws docs/plots/*.svg
// --dir      where the stores are made; default: the system's directory for temporary files

import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
import { about, FIGURES, goals, tables } from './stores/report.mjs'

const STORES = ['openmemory', 'mem0', 'lancedb', 'langgraph', 'sqlite-vec']
/** What a process holds differs by megabytes from one to the next. */
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

// A store belongs to the model that filled it, so the embedder has the name of the one that this package ships.
const shipped = new OpenMemory({ path: join(directory, 'shipped') })
const model = (await shipped.reindex()).model.id
await shipped.close()

const results = []
for (const [at, count] of sizes.entries()) {
  const runs = Object.fromEntries(only.map((store) => [store, []]))
  for (let round = 0; round < (repeats[at] ?? repeats.at(-1)); round++)
    for (const store of only) runs[store].push(await measure(store, count))
  for (const store of only) results.push({ store, count, ...medians(runs[store]) })
}
const facts = { date: new Date().toISOString(), quick, repeats, ...machine(directory), ...(await about(only)) }
const report = [tables(facts, results, sizes, only), goals(results)].filter(Boolean).join('\n\n')
console.log(report)
if (quick) console.log('\nA quick run shows that everything runs; its numbers mean nothing.')
if (json) writeFileSync(json, `${JSON.stringify({ facts, results }, null, 2)}\n`)
if (docs) writeDocs()

function writeDocs() {
  const folder = fileURLToPath(new URL('../docs', import.meta.url))
  const page = join(folder, 'benchmarks.md')
  const between = /(<!-- written by npm run bench -- --docs -->\n).*(\n<!-- end -->)/s
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(between, (_, begin, end) => `${begin}\n${report}\n${end}`),
  )
  drawPlots(join(folder, 'plots'), { facts, results, sizes, stores: only })
}

async function measure(store, count) {
  const { persistent } = (await import(`./stores/${store}.mjs`)).about
  const place = join(directory, `${store}-${count}`)
  const job = { store, model, vectors: VECTORS, quick, directory: place }
  const figures = await run({ ...job, task: 'fill', count })
  figures.disk = persistent ? sizeOf(place) / count : undefined
  // What a process holds that has the store of one memory open is not the memories'.
  const alone = join(directory, `${store}-1`)
  const { held } = await run({ ...job, task: 'fill', count: 1, directory: alone, quick: true })
  if (persistent) {
    const opened = []
    for (let round = 0; round < (quick ? 1 : OPENINGS); round++) {
      const { resident: least } = await run({ ...job, task: 'reopen', directory: alone })
      const { reopen, resident } = await run({ ...job, task: 'reopen' })
      opened.push({ reopen, memory: (resident - least) / count })
    }
    for (const key of ['reopen', 'memory']) figures[key] = median(opened.map((run) => run[key]))
  } else {
    figures.memory = (figures.held - held) / count
  }
  for (const folder of [place, alone]) rmSync(folder, { recursive: true, force: true })
  console.error(`> ${store}, ${count}: ${FIGURES.map(({ key }) => `${key} ${figures[key]?.toFixed(2)}`).join(', ')}`)
  return figures
}

function run(job) {
  const child = fork(fileURLToPath(new URL('stores/measure.mjs', import.meta.url)), [JSON.stringify(job)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${job.store} ended with ${code}`)))
  })
}

function medians(runs) {
  const of = (key) => (runs[0][key] === undefined ? undefined : median(runs.map((run) => run[key])))
  return Object.fromEntries(FIGURES.map(({ key }) => [key, of(key)]))
}

function sizeOf(path) {
  const stat = statSync(path)
  // Blocks, not lengths: files may have room that is not used.
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

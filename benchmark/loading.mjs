// What does a large store cost before anybody is asked about, and what does one user cost? `npm run bench:loading [--
// --memories 100000 --users 1 --searched 1 --index-memory MB --repeats 5 --keep DIR --json FILE --dir DIR]`. Each figure
// is of a process of its own; vectors are given, so that no model is loaded.
//
// --memories      how many memories, divided evenly among the users
// --users         how many users
// --searched      how many users are searched for the resident memory
// --index-memory  also searches all users with a budget of so many MB, and compares the results with those without
// --repeats       openings, of which the median counts
// --keep          a directory for the store, which is filled only if it does not exist yet
// --json          also writes the figures to FILE
// --dir           where the store is created otherwise; default: the system's temporary directory

import { fork } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { memories } from './memories.mjs'
import { between, randomFrom } from './random.mjs'
import { machine } from './report.mjs'
import { median } from './rounds.mjs'
import { clustered, DIMENSIONS } from './vectors.mjs'

const BATCH = 1000
/** One in this many memories gets a second text. */
const CHANGED = 10
const K = 8
const TOKENS = 30

if (process.send) await work(JSON.parse(process.argv[2]))
else await main(options())

async function main({ memories: count, users, searched, indexMemory, repeats, keep, json, dir }) {
  const directory = mkdtempSync(join(resolve(dir), 'openmemory-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  const path = keep ? resolve(keep) : join(directory, 'store')
  const facts = { date: new Date().toISOString(), memories: count, users, ...machine(directory) }
  const figures = {}
  const say = (name, value, unit) => {
    figures[name] = value
    console.log(`${name}: ${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)} ${unit}`)
  }
  for (const [name, value] of Object.entries(facts)) console.log(`${name}: ${value}`)

  if (!existsSync(path)) {
    const { first, all, changed } = await inNewProcess({ task: 'fill', path, count, users })
    say(`added, the first ${Math.min(count, 10_000).toLocaleString('en')}`, first, '/s')
    say('added, all', all, '/s')
    say(`texts of one in ${CHANGED} changed`, changed, '/s')
  }
  say('disk for each memory', sizeOf(path) / count, 'bytes')
  const empty = join(directory, 'empty')
  await inNewProcess({ task: 'fill', path: empty, count: 1, users: 1 })

  const runs = []
  for (let round = 0; round < repeats; round++) {
    const one = await inNewProcess({ task: 'search', path: empty, users: 1, searched: 1 })
    const many = await inNewProcess({ task: 'search', path, users, searched })
    runs.push({ ...many, more: many.resident - one.resident, openingEmpty: one.opening })
  }
  const of = (key) => median(runs.map((run) => run[key]))
  say('opening an empty store', of('openingEmpty'), 'ms')
  say('opening', of('opening'), 'ms')
  say('first search after opening', of('first'), 'ms')
  say('second search', of('second'), 'ms')
  say(`resident after searching ${searched} users, above an empty store`, of('more') / 1e6, 'MB')
  if (indexMemory) {
    const one = await inNewProcess({ task: 'search', path: empty, users: 1, searched: 1 })
    // Searches make what they find more salient, so both begin with the same store.
    const copy = join(directory, 'copy')
    cpSync(path, copy, { recursive: true })
    const budget = indexMemory * 1e6
    const bounded = await inNewProcess({ task: 'search', path: copy, users, searched: users, indexMemory: budget })
    rmSync(copy, { recursive: true })
    const unbounded = await inNewProcess({ task: 'search', path, users, searched: users, indexMemory: 2 ** 40 })
    say(`resident after searching all with ${indexMemory} MB`, (bounded.resident - one.resident) / 1e6, 'MB')
    say('resident after searching all without a budget', (unbounded.resident - one.resident) / 1e6, 'MB')
    const differing = bounded.results.filter((result, at) => !isSame(result, unbounded.results[at]))
    say(`searches of ${users} with other results`, differing.length, '')
  }
  if (json) writeFileSync(json, `${JSON.stringify({ facts, figures }, null, 2)}\n`)
}

function options() {
  const number = (value) => ({ type: 'string', ...(value && { default: value }) })
  const { values } = parseArgs({
    options: {
      memories: number('100000'),
      users: number('1'),
      searched: number('1'),
      'index-memory': number(),
      repeats: number('5'),
      keep: { type: 'string' },
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  })
  const whole = Object.fromEntries(
    ['memories', 'users', 'searched', 'repeats'].map((key) => [key, Number(values[key])]),
  )
  return { ...values, ...whole, indexMemory: Number(values['index-memory'] ?? 0) }
}

/** The same memories in the same order; scores also depend on the time. */
function isSame(one, other) {
  const isNear = ({ id, score }, at) => id === other[at]?.id && Math.abs(score - other[at].score) < 1e-4
  return one.length === other.length && one.every(isNear)
}

function inNewProcess(job) {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(job)], { execArgv: ['--expose-gc'] })
  return new Promise((resolve, reject) => {
    let answer
    child.once('message', (message) => {
      answer = message
    })
    // The next process opens the same store.
    child.once('exit', (code) => {
      if (answer) resolve(answer)
      else reject(new Error(`the process for ${job.task} ended with ${code}`))
    })
  })
}

function sizeOf(path) {
  const stat = statSync(path)
  // Blocks instead of lengths, because files may be sparse.
  if (!stat.isDirectory()) return stat.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

async function work({ task, path, count, users, searched, indexMemory }) {
  const { OpenMemory } = await import('../index.mjs')
  const vectors = clustered(1)
  /** The vectors of the batch at hand; otherwise 1 500 bytes of each text would stay in memory. */
  let known = new Map()
  const embed = (texts) => texts.map((text) => known.get(text) ?? clustered(text.length).next())
  const embedder = { id: 'known-vectors', dimensions: DIMENSIONS, embed }
  const began = performance.now()
  const om = new OpenMemory({ path, embedder, ...(indexMemory && { indexMemory }) })
  await om.stats()
  const opening = performance.now() - began
  const figures = task === 'fill' ? await fill() : await search()
  await om.close()
  process.send(figures, () => process.disconnect())

  async function fill() {
    const list = memories(count, { seed: 2, user_id: 'user', tokens: TOKENS })
    list.forEach((memory, at) => {
      memory.user_id = `user-${at % users}`
    })
    const took = []
    for (let from = 0; from < count; from += BATCH) {
      const batch = list.slice(from, from + BATCH)
      known = new Map(batch.map(({ content }) => [content, vectors.next()]))
      const began = performance.now()
      await checked(om.addMemories(batch))
      took.push(performance.now() - began)
    }
    const rate = (times, counted) => (counted / times.reduce((sum, time) => sum + time, 0)) * 1000
    const random = randomFrom(3)
    const updates = list
      .filter((_, at) => at % CHANGED === 0)
      .map(({ id, content }) => ({ id, content: `${content} ${between(random, 0, 1e6)}` }))
    const updating = []
    for (let from = 0; from < updates.length; from += BATCH) {
      const batch = updates.slice(from, from + BATCH)
      known = new Map(batch.map(({ content }) => [content, vectors.next()]))
      const began = performance.now()
      await checked(om.updateMemories(batch.map(({ id, content }) => ({ id, content }))))
      updating.push(performance.now() - began)
    }
    const some = Math.min(count, 10_000)
    return {
      first: rate(took.slice(0, some / BATCH), some),
      all: rate(took, count),
      changed: rate(updating, updates.length),
    }
  }

  async function search() {
    const results = []
    const ask = async (at) => {
      const began = performance.now()
      const found = await om.searchMemories(`What is known about topic ${at}?`, {
        limit: K,
        filters: { user_id: `user-${at % users}` },
      })
      const took = performance.now() - began
      results.push(found.map(({ id, score }) => ({ id, score })))
      return took
    }
    const first = await ask(0)
    const second = await ask(0)
    for (let at = 1; at < searched; at++) await ask(at)
    // Threads of the opening have ended by then.
    await setTimeout(1000)
    globalThis.gc()
    globalThis.gc()
    return { opening, first, second, resident: process.memoryUsage.rss(), results }
  }
}

async function checked(batch) {
  const failed = (await batch).find((result) => !result.ok)
  if (failed) throw failed.error
}

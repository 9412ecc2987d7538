// What do searches cost that compare candidates only, and what do they miss, against a search that compares all? The database at
// OPENMEMORY_TEST_POSTGRES should be new and have pgvector.
//   node benchmark/candidates.mjs           30,000 memories of 1000 users; the embedder is `'test'`, whose vectors say little
//                                           that words do not
//   node benchmark/candidates.mjs FILE…     conversations in the form of fit-ranking.mjs, in their runs, and the shipped model;
//                                           each question is asked of all users

import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { OpenMemory } from '../index.mjs'
import { remember } from './memories.mjs'
import { median, timed } from './rounds.mjs'
import { texts } from './texts.mjs'

const store = process.env.OPENMEMORY_TEST_POSTGRES
if (!store) throw new Error('set OPENMEMORY_TEST_POSTGRES to the URL of an empty database')

const ALL = 30_000
const USERS = 1000
const QUERIES = 60
const LIMIT = 10

const files = process.argv.slice(2)
const { memories, queries, embedder } = files.length > 0 ? conversations() : notes()
const exact = new OpenMemory({ store, ...embedder })
const wide = new OpenMemory({ store, ...embedder, approximateAbove: 1000 })
await remember(exact, memories)

function notes() {
  const prose = texts(7)
  const memories = Array.from({ length: ALL }, (_, at) => ({
    user_id: `u${at % USERS}`,
    content: prose.next(30).text,
  }))
  const queries = Array.from({ length: QUERIES }, () => prose.next(9).text)
  return { memories, queries, embedder: { embedder: 'test' } }
}

function conversations() {
  const users = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')).users)
  const memories = users.flatMap(({ user, memories }) =>
    memories.map(({ text, tags = [], run }) => ({
      user_id: user,
      run_id: run ?? tags.find((tag) => tag.startsWith('session_')),
      content: text,
      tags,
    })),
  )
  const all = users.flatMap(({ queries }) => queries.map(({ text }) => text))
  const step = Math.max(1, Math.floor(all.length / 200))
  return { memories, queries: all.filter((_, at) => at % step === 0), embedder: {} }
}

/** Searches as soon as the lists of candidates are there. */
async function whenReady() {
  const start = performance.now()
  for (;;) {
    try {
      await wide.searchMemories('anything', { limit: 1 })
      return (performance.now() - start) / 1000
    } catch (error) {
      if (error.code !== 'LIMIT_EXCEEDED') throw error
    }
  }
}

async function search(om, query, limit, times) {
  let hits
  times.push(await timed(async () => (hits = await om.searchMemories(query, { limit }))))
  return hits
}

const users = new Set(memories.map(({ user_id }) => user_id)).size
console.log(
  `${memories.length} memories of ${users} users: candidates are ready after ${(await whenReady()).toFixed(0)} s`,
)
await exact.searchMemories('anything', { limit: 1 })
const [exactTimes, wideTimes] = [[], []]
let [found, expected, first] = [0, 0, 0]
for (const query of queries) {
  const best = await search(exact, query, LIMIT, exactTimes)
  const hits = await search(wide, query, LIMIT, wideTimes)
  const ids = new Set(hits.map(({ id }) => id))
  expected += best.length
  found += best.filter(({ id }) => ids.has(id)).length
  first += Number(hits[0]?.id === best[0]?.id)
}
console.log(
  `${found} of the ${expected} best ones, recall ${(found / expected).toFixed(3)}, the first one ${first} of ${queries.length} times`,
)
console.log(`search p50 ${median(wideTimes).toFixed(1)} ms, of all that is loaded ${median(exactTimes).toFixed(1)} ms`)

const afterWrites = []
for (let at = 0; at < QUERIES; at++) {
  const content = `the code of door ${at} is zq${at}x`
  await exact.addMemory({ content, user_id: `u${at}` })
  const [hit] = await search(wide, `zq${at}x`, 1, afterWrites)
  if (hit?.content !== content) throw new Error(`what was just written is not found: ${content}`)
}
console.log(`straight after a write of another process p50 ${median(afterWrites).toFixed(1)} ms`)
await wide.close()
await exact.close()

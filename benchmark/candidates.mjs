// What do searches cost that compare candidates only, and what do they miss? Among 30,000 memories of 1000 users, against a search
// that compares all of them. The database at OPENMEMORY_TEST_POSTGRES should be new and have pgvector; the embedder is `'test'`,
// whose vectors say little that words do not.

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

const notes = texts(7)
const exact = new OpenMemory({ store, embedder: 'test' })
const wide = new OpenMemory({ store, embedder: 'test', approximateAbove: 1000 })

await remember(
  exact,
  Array.from({ length: ALL }, (_, at) => ({ user_id: `u${at % USERS}`, content: notes.next(30).text })),
)

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

console.log(`${ALL} memories of ${USERS} users: candidates are ready after ${(await whenReady()).toFixed(0)} s`)
await exact.searchMemories('anything', { limit: 1 })
const [exactTimes, wideTimes] = [[], []]
let [found, expected, first] = [0, 0, 0]
for (let at = 0; at < QUERIES; at++) {
  const query = notes.next(9).text
  const best = await search(exact, query, LIMIT, exactTimes)
  const hits = await search(wide, query, LIMIT, wideTimes)
  const ids = new Set(hits.map(({ id }) => id))
  expected += best.length
  found += best.filter(({ id }) => ids.has(id)).length
  first += Number(hits[0]?.id === best[0]?.id)
}
console.log(
  `${found} of the ${expected} best ones, recall ${(found / expected).toFixed(3)}, the first one ${first} of ${QUERIES} times`,
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

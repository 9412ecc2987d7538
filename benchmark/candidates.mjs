// What do searches cost that compare candidates only, and what do they miss? Among 30,000 memories of 1000 users, against a search
// that compares all of them. The database at OPENMEMORY_TEST_POSTGRES should be new and have pgvector; the embedder is `'test'`,
// whose vectors say little that words do not.

import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { OpenMemory } from '../index.mjs'
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

for (let from = 0; from < ALL; from += 1000) {
  const memory = (at) => ({ user_id: `u${at % USERS}`, content: notes.next(30).text })
  const failed = (await exact.addMemories(Array.from({ length: 1000 }, (_, at) => memory(from + at)))).find(
    ({ ok }) => !ok,
  )
  if (failed) throw failed.error
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

async function timed(call) {
  const start = performance.now()
  const result = await call()
  return [result, performance.now() - start]
}

const median = (times) => times.sort((one, other) => one - other)[times.length >> 1].toFixed(1)

console.log(`${ALL} memories of ${USERS} users: candidates are ready after ${(await whenReady()).toFixed(0)} s`)
await exact.searchMemories('anything', { limit: 1 })
const [exactTimes, wideTimes] = [[], []]
let [found, expected, first] = [0, 0, 0]
for (let at = 0; at < QUERIES; at++) {
  const query = notes.next(9).text
  const [best, exactTime] = await timed(() => exact.searchMemories(query, { limit: LIMIT }))
  const [hits, wideTime] = await timed(() => wide.searchMemories(query, { limit: LIMIT }))
  exactTimes.push(exactTime)
  wideTimes.push(wideTime)
  const ids = new Set(hits.map(({ id }) => id))
  expected += best.length
  found += best.filter(({ id }) => ids.has(id)).length
  first += Number(hits[0]?.id === best[0]?.id)
}
console.log(
  `${found} of the ${expected} best ones, recall ${(found / expected).toFixed(3)}, the first one ${first} of ${QUERIES} times`,
)
console.log(`search p50 ${median(wideTimes)} ms, of all that is loaded ${median(exactTimes)} ms`)

const afterWrites = []
for (let at = 0; at < QUERIES; at++) {
  const content = `the code of door ${at} is zq${at}x`
  await exact.addMemory({ content, user_id: `u${at}` })
  const [[hit], time] = await timed(() => wide.searchMemories(`zq${at}x`, { limit: 1 }))
  if (hit?.content !== content) throw new Error(`what was just written is not found: ${content}`)
  afterWrites.push(time)
}
console.log(`straight after a write of another process p50 ${median(afterWrites)} ms`)
await wide.close()
await exact.close()

// What do memories in a PostgreSQL database cost? Searches among 10,000 memories of a user, warm and cold, updates of texts with
// 64 in flight, and whether a user of 100 among 100,000 memories gets the best ones. The database at OPENMEMORY_TEST_POSTGRES
// should be new; the embedder is `'test'`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { OpenMemory } from '../index.mjs'
import { remember } from './memories.mjs'
import { between, randomFrom } from './random.mjs'
import { texts } from './texts.mjs'

const store = process.env.OPENMEMORY_TEST_POSTGRES
if (!store) throw new Error('set OPENMEMORY_TEST_POSTGRES to the URL of an empty database')

const OF_ONE = 10_000
const FEW = 100
const ALL = 100_000
const USERS = 1000
const IN_FLIGHT = 64
const SECONDS = 5

const open = (options) => new OpenMemory({ store, embedder: 'test', ...options })
const notes = texts(7)
const om = open()

const fill = (count, memory) =>
  remember(
    om,
    Array.from({ length: count }, (_, at) => memory(at)),
  )

async function median(count, call) {
  const times = []
  for (let at = 0; at < count; at++) {
    const start = performance.now()
    await call(at)
    times.push(performance.now() - start)
  }
  return times.sort((one, other) => one - other)[count >> 1]
}

const ms = (time) => `${time.toFixed(2)} ms`

const queries = Array.from({ length: 200 }, () => notes.next(9).text)
await fill(OF_ONE, (at) => ({ id: `a${at}`, user_id: 'ada', content: notes.next(30).text }))
const ofAda = (query, limit = 10) => [query, { limit, filters: { user_id: 'ada' } }]
await om.searchMemories(...ofAda(queries[0]))
const get = await median(400, (at) => om.getMemory(`a${at}`))
const warm = await median(400, (at) => om.searchMemories(...ofAda(queries[at % queries.length])))
const cold = await median(5, async () => {
  const other = open()
  await other.searchMemories(...ofAda(queries[1]))
  await other.close()
})
console.log(
  `${OF_ONE} memories of a user: get p50 ${ms(get)}, warm search p50 ${ms(warm)}, first search of a process ${ms(cold)}`,
)

for (const [name, user] of [
  [`${IN_FLIGHT} users`, (at) => `u${at}`],
  ['one user', () => 'bob'],
]) {
  const ids = Array.from({ length: IN_FLIGHT }, (_, at) => `${user(at)}-${at}`)
  await fill(ids.length, (at) => ({ id: ids[at], user_id: user(at), content: notes.next(30).text }))
  const end = performance.now() + SECONDS * 1000
  const counts = ids.map(async (id) => {
    let count = 0
    for (; performance.now() < end; count++) await om.updateMemory(id, { content: notes.next(30).text })
    const { version } = await om.getMemory(id)
    if (version !== count + 1) throw new Error(`${id} has version ${version} after ${count} updates`)
    return count
  })
  const updates = (await Promise.all(counts)).reduce((sum, count) => sum + count)
  console.log(`updates of texts, ${IN_FLIGHT} in flight, ${name}: ${Math.round(updates / SECONDS)}/s`)
}

// The same memories in a directory, where nobody else has any: the best ones are those that it finds.
const path = mkdtempSync(join(tmpdir(), 'openmemory-bench-'))
const alone = new OpenMemory({ path, embedder: 'test' })
const random = randomFrom(9)
const few = Array.from({ length: FEW }, (_, at) => ({
  ...{
    id: `few${at}`,
    user_id: 'eve',
    content: notes.next(30).text,
    created_at: new Date(Date.UTC(2026, 0, 1) + at * 60_000),
  },
}))
await alone.addMemories(few)
await fill(ALL - FEW, () => ({ user_id: `many${between(random, 0, USERS)}`, content: notes.next(30).text }))
await om.addMemories(few)
let [found, expected] = [0, 0]
for (const { content } of few) {
  const query = content.split(' ').slice(2, 8).join(' ')
  const options = { limit: 10, filters: { user_id: 'eve' } }
  const ids = new Set((await om.searchMemories(query, options)).map(({ id }) => id))
  const best = await alone.searchMemories(query, options)
  expected += best.length
  found += best.filter(({ id }) => ids.has(id)).length
}
console.log(
  `a user of ${FEW} among ${ALL}: ${found} of the ${expected} best ones, recall ${(found / expected).toFixed(3)}`,
)
await alone.close()
rmSync(path, { recursive: true })
await om.close()

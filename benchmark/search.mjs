// How long does a search take, without embedding the query?
//
// The embedder looks vectors up, so that the rest is measured: facade, addon, scan, exact ranking and reading records.
// sqlite-vec gets the query as a vector.

import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'
import { lateTimers } from './event-loop.mjs'
import { memories, remember } from './memories.mjs'
import { inTurns, timed } from './rounds.mjs'
import { SqliteMemories } from './sqlite-memories.mjs'
import { clustered, DIMENSIONS } from './vectors.mjs'

const K = 8
const QUERIES = 20

export async function* measure({ directory, quick }) {
  const count = quick ? 1000 : 10_000
  const vectors = clustered(1)
  const list = memories(count, { seed: 2, user_id: 'ada' })
  const known = new Map(list.map((memory) => [memory.content, vectors.next()]))
  const queries = Array.from({ length: QUERIES }, (_, index) => `question ${index}`)
  for (const query of queries) known.set(query, vectors.next())

  // Texts of the engine, which describe the sectors, get a vector when they are first embedded.
  const vectorOf = (text) => known.get(text) ?? known.set(text, vectors.next()).get(text)
  const embedder = { id: 'known-vectors', dimensions: DIMENSIONS, embed: (texts) => texts.map(vectorOf) }
  const om = new OpenMemory({ path: join(directory, 'search'), embedder })
  const sqlite = new SqliteMemories(join(directory, 'search.sqlite'), { vectors: true })
  const ours = (query) => om.searchMemories(query, { limit: K, filters: { user_id: 'ada' } })
  const other = (query) => sqlite.search(known.get(query), 'ada', K)
  try {
    await remember(om, list)
    sqlite.add(list.map((memory) => ({ ...memory, embedding: known.get(memory.content) })))
    let shared = 0
    for (const query of queries) shared += overlap(await ours(query), other(query))
    const nothing = (query) => om.searchMemories(query, { limit: K, filters: { user_id: 'nobody' } })
    const run = (search) => async () => {
      const work = async () => {
        for (const query of queries) await search(query)
      }
      return (await timed(work)) / QUERIES
    }
    const rounds = quick ? 2 : 31
    const found = await inTurns({ rounds, ours: run(ours), other: run(other) })
    const alone = await inTurns({ rounds, ours: run(ours), other: run(nothing) })
    yield {
      measure: `search over ${count.toLocaleString('en')} memories`,
      unit: 'ms',
      ...found,
      ratio: 1 / found.ratio,
      than: 'sqlite-vec',
      goal: { atLeast: 10 },
      note:
        `${shared} of ${QUERIES * K} hits are those of sqlite-vec; ` +
        `${alone.other.toFixed(2)} ms of it is a search that finds nothing, mostly the call of the embedding function`,
    }
    const each = (times) => Array.from({ length: times * QUERIES }, (_, n) => queries[n % QUERIES])
    const inTurn = async () => {
      for (const query of each(quick ? 2 : 20)) await ours(query)
    }
    yield await lateTimers(`searches over ${count.toLocaleString('en')}, one by one`, inTurn, quick ? 1 : 5, {
      below: 10,
    })
    const together = () => Promise.all(each(20).map(ours))
    yield await lateTimers(`${20 * QUERIES} such searches made together`, together, quick ? 1 : 5)
  } finally {
    sqlite.close()
    await om.close()
  }
}

function overlap(found, exact) {
  const ids = new Set(exact.map(({ id }) => id))
  return found.filter(({ id }) => ids.has(id)).length
}

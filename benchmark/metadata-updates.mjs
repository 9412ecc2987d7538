// How long does a durable metadata update take, and how many are possible concurrently?

import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'
import { memories, remember } from './memories.mjs'
import { between, randomFrom } from './random.mjs'
import { inTurns, timed } from './rounds.mjs'
import { SqliteMemories } from './sqlite-memories.mjs'

const COUNT = 1000
const IN_FLIGHT = 64

export async function* measure({ directory, quick }) {
  const list = memories(COUNT, { seed: 1, user_id: 'ada' })
  // Metadata updates never embed; the test embedder fills the store faster.
  const om = new OpenMemory({ path: join(directory, 'metadata'), durability: 'flush', embedder: 'test' })
  const sqlite = new SqliteMemories(join(directory, 'metadata.sqlite'))
  await remember(om, list)
  sqlite.add(list)
  try {
    yield {
      measure: 'durable metadata update, one writer',
      unit: 'ms',
      ...(await compare(om, sqlite, { rounds: quick ? 2 : 31, updates: quick ? 20 : 200, inFlight: 1 })),
      than: 'better-sqlite3',
      goal: { atMost: 1.5 },
    }
    const { ours, other, ratio, rounds } = await compare(om, sqlite, {
      rounds: quick ? 2 : 31,
      updates: quick ? 128 : 1280,
      inFlight: IN_FLIGHT,
    })
    yield {
      measure: `durable metadata updates, ${IN_FLIGHT} in flight`,
      unit: '/s',
      ours: 1000 / ours,
      other: 1000 / other,
      ratio: 1 / ratio,
      rounds,
      than: 'better-sqlite3',
      goal: { atLeast: 1.4 },
    }
  } finally {
    sqlite.close()
    await om.close()
  }
}

/** Milliseconds per update, with the same updates on both sides. better-sqlite3 is synchronous. */
function compare(om, sqlite, { rounds, updates, inFlight }) {
  const ours = async (round) => {
    const left = patches(round, updates)
    const writer = async () => {
      for (const { id, patch } of left) await om.updateMemory(id, patch)
    }
    const writers = () => Promise.all(Array.from({ length: inFlight }, writer))
    return (await timed(writers)) / updates
  }
  const other = async (round) => {
    const run = () => {
      for (const { id, patch } of patches(round, updates)) sqlite.update(id, patch)
    }
    return (await timed(run)) / updates
  }
  return inTurns({ rounds, ours, other })
}

/** Adds, overwrites and removes a field each. */
function* patches(round, updates) {
  const random = randomFrom(round)
  for (let number = 0; number < updates; number++) {
    const metadata = { status: `checked in round ${round}`, year: between(random, 2015, 2026), verified: null }
    yield { id: `ada-${between(random, 0, COUNT)}`, patch: { metadata } }
  }
}

// The story: a package is updated, and finds the store that an earlier version left. Everything in it is read and searched
// as before, and it goes on from there. How the stores of fixtures/ were made: fixtures/make-store.mjs.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { doctor } from '@openmemory/sdk'
import { messageOf } from './helpers/child'
import { freshDirectory, openStore } from './helpers/store'

interface Observed {
  doctor: object
  memories: { memory: { id: string }; history: object[]; waypoints: object[] }[]
  deleted: object[]
  searches: { query: string; id: string; similarity: number }[]
  lists: object[]
}

const STORE = join(__dirname, 'fixtures', 'store-v1')
const expected: Observed = JSON.parse(readFileSync(join(STORE, 'expected.json'), 'utf8'))

/** The store as it lay on a disk: git keeps neither its modes nor empty directories. */
function unpacked(state: string): string {
  const [kept, path] = [join(STORE, state), join(freshDirectory(), 'store')]
  for (const entry of readdirSync(kept, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const packed = join(entry.parentPath, entry.name)
    const file = join(path, relative(kept, packed).replace(/\.gz$/, ''))
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, gunzipSync(readFileSync(packed)), { mode: 0o600 })
  }
  return path
}

const states = [
  ['closed store', 'closed'],
  ['store of a killed process', 'killed'],
  ['backup', 'backup'],
] as const

test.each(states)('a %s of format 1 holds what it held', async (_, state) => {
  const seen = await messageOf<Observed>('observe.mjs', unpacked(state))
  // Later versions may return more fields of a memory.
  expect(seen).toMatchObject({ ...expected, searches: expected.searches.map(({ query, id }) => ({ query, id })) })
  seen.searches.forEach(({ similarity }, at) => {
    // Vectors of format 1 had 32 bits, and those of this embedder have few numbers other than 0.
    expect(similarity).toBeCloseTo(expected.searches[at]?.similarity as number, 2)
  })
})

test.each(states)('a %s of format 1 is written to, and opens again', async (_, state) => {
  const path = unpacked(state)
  const om = openStore({ path })
  const known = await om.addMemory({ content: 'Violin lessons are on Thursday' }, { ifExists: 'skip' })
  expect(known).toMatchObject({ existed: true, version: 1 })
  // Its first text came with an import, so it has no vectors yet.
  await om.restoreMemory('imported', 1)
  await om.updateMemory('coffee', { metadata: { place: null, n: 2 }, tags: [] }, { ifVersion: 3 })
  await om.deleteMemory('long')
  await om.addMemory({ id: 'new', content: 'Ada drinks green tea with sugar in Lisbon', user_id: 'ada' })
  await om.close()

  expect(await doctor(path)).toMatchObject({ healthy: true, complete: true, memories: 9, problems: [] })
  const again = openStore({ path })
  expect(await again.stats()).not.toHaveProperty('repaired')
  expect(await again.getMemory('coffee')).toMatchObject({ version: 4, metadata: { n: 2 }, tags: [] })
  expect((await again.getHistory('imported')).map(({ event }) => event)).toEqual(['RESTORE', 'UPDATE', 'ADD'])
  expect((await again.searchMemories('bakery opens at seven', { limit: 1 }))[0]?.id).toBe('imported')
  expect((await again.getWaypoints('new')).map(({ id }) => id)).toContain('tea')
  const touched = ['imported', 'coffee', 'long']
  for (const { memory } of expected.memories.filter(({ memory }) => !touched.includes(memory.id))) {
    const { content: _, ...others } = memory as { id: string; content: string }
    expect(await again.getMemory(memory.id)).toMatchObject(others)
  }
})

// Does what a database confines itself ever leave out a match, or let in what does not match? Random filters over random
// memories, each compared with a directory that has the same memories.

import { expect } from '@jest/globals'
import type { Filters, NewMemory, OpenMemory } from '@openmemory/sdk'
import { databaseTest, openDatabases, openEmbedded } from './helpers/store'

const MEMORIES = 200
const FILTERS = Number(process.env.OPENMEMORY_TEST_FILTERS ?? 600)

/** xorshift32. */
function random(seed: number) {
  let state = seed
  const below = (count: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % count
  }
  return { below, one: <T>(of: readonly T[]) => of[below(of.length)] as T }
}

const { below, one } = random(20_261_129)

// What databases trip over: U+0000, a space at the end, letters that differ in case or form.
const IDS = ['a', 'A', 'a\u0000', 'a ', 'é', 'e\u0301', 'b', '%', '\u{10ffff}']
const TAGS = ['t', 'T', 't\u0000', 'work', 'Été']
const VALUES = [1, '1', null, true, 'a\u0000b', [1, 'x', null], { b: 1 }, -0.5, '', 2 ** 53 - 1]
const SCOPE = ['user_id', 'agent_id', 'app_id', 'run_id'] as const

function memory(at: number): NewMemory {
  const scope = SCOPE.flatMap((field) => (below(3) > 0 ? [[field, one(IDS)]] : []))
  return {
    id: `m${at}`,
    content: `memory ${at} of ${one(['tea', 'COFFEE', 'café', '\u0000'])}`,
    tags: [one(TAGS)],
    metadata: { k: one(VALUES), 'dotted.key': one(VALUES), deep: { er: one(VALUES) } },
    immutable: below(4) === 0,
    ...(below(4) === 0 && { expires_at: '2099-01-01' }),
    ...Object.fromEntries(scope),
  }
}

const operand = () => (below(4) === 0 ? null : one(IDS))

function simple(): Filters {
  const field = one(SCOPE)
  const tests: (() => unknown)[] = [
    ...Array.from({ length: 4 }, () => () => ({ [field]: operand() })),
    () => ({ [field]: { in: [operand(), operand()] } }),
    () => ({ [field]: { ne: operand() } }),
    () => ({ [field]: { nin: [operand()] } }),
    () => ({ [field]: { exists: below(2) === 0 } }),
    () => ({ [field]: { icontains: one(['a', '\u0000', 'É']) } }),
    () => ({ tags: one(TAGS) }),
    () => ({ [one(['metadata.k', 'metadata.deep.er', 'metadata.dotted.key'])]: { [one(['eq', 'ne'])]: one(VALUES) } }),
    () => ({ memory_ids: [`m${below(MEMORIES)}`, `m${below(2 * MEMORIES)}`] }),
    () => ({ version: { [one(['gt', 'lte'])]: 1 } }),
    () => ({ immutable: below(2) === 0 }),
  ]
  return one(tests)() as Filters
}

function filter(depth: number): Filters {
  if (depth === 0 || below(3) === 0) return simple()
  const some = () => Array.from({ length: 1 + below(3) }, () => filter(depth - 1))
  return one([() => ({ AND: some() }), () => ({ OR: some() }), () => ({ NOT: some() }), () => merged()])() as Filters
}

const merged = () => ({ ...simple(), ...simple() })

async function ids(om: OpenMemory, filters: Filters, searches: boolean): Promise<string[]> {
  const found = searches
    ? await om.searchMemories('tea', { filters, limit: 1000 })
    : (await om.listMemories({ filters, limit: 1000 })).memories
  return found.map(({ id }) => id).sort()
}

databaseTest(
  'a filter finds in a database what it finds in a directory',
  async () => {
    const [om] = openDatabases(1) as [OpenMemory]
    const embedded = openEmbedded()
    const memories = Array.from({ length: MEMORIES }, (_, at) => memory(at))
    for (const store of [om, embedded]) {
      expect((await store.addMemories(memories)).filter(({ ok }) => !ok)).toEqual([])
    }
    const changes = memories.filter(({ immutable }) => !immutable).slice(0, 50)
    for (const { id } of changes) {
      const tags = [one(TAGS)]
      for (const store of [om, embedded]) await store.updateMemory(id as string, { tags })
    }
    let matched = 0
    for (let at = 0; at < FILTERS; at++) {
      const filters = filter(3)
      const searches = at % 10 === 0
      const expected = await ids(embedded, filters, searches)
      expect([filters, await ids(om, filters, searches)]).toEqual([filters, expected])
      if (expected.length > 0) matched++
    }
    // Neither all of them nor none.
    expect(matched).toBeGreaterThan(FILTERS / 3)
    expect(matched).toBeLessThan(FILTERS * 0.97)
  },
  240_000,
)

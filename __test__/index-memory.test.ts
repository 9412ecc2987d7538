// The story: a service has more users than its memory holds. Whoever is asked about is loaded, others leave, and nobody can
// tell from the results.

import { afterEach, expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { freshDirectory, openEmbedded } from './helpers/store'

const MiB = 1024 * 1024
const USERS = ['ada', 'bob', 'cy', undefined]
const QUERIES = ['green tea', 'moved to Porto', 'piano on Thursday', 'thing 17']

afterEach(() => {
  // The number is the whole process's.
  new OpenMemory({ path: freshDirectory(), indexMemory: 64 * MiB })
})

async function filled(path: string): Promise<OpenMemory> {
  const om = openEmbedded({ path, indexMemory: 64 * MiB })
  const facts = ['Drinks green tea', 'Moved to Porto', 'Plays the piano on Thursday', 'Has a cat']
  for (const user_id of USERS) {
    const things = Array.from({ length: 40 }, (_, n) => `Thing ${n} of ${user_id ?? 'nobody'}`)
    const scope = user_id === undefined ? {} : { user_id }
    await om.addMemories([...facts, ...things].map((content, n) => ({ content, tags: [`t${n % 5}`], ...scope })))
  }
  return om
}

/** What each user, and all of them together, find. */
async function found(om: OpenMemory): Promise<object[]> {
  const scopes = [...USERS.filter((user) => user !== undefined).map((user_id) => ({ filters: { user_id } })), {}]
  const searches = scopes.flatMap((scope) => QUERIES.map((query) => om.searchMemories(query, { ...scope, limit: 9 })))
  // Which of the unrelated ones come last depends on how present each is at the moment.
  const related = (await Promise.all(searches)).map((hits) => hits.filter(({ similarity }) => similarity > 0.1))
  return related.map((hits) => hits.map(({ id, similarity }) => [id, similarity.toFixed(5)]))
}

test('results do not depend on how much is in memory', async () => {
  const path = freshDirectory()
  const om = await filled(path)
  const before = await found(om)
  expect((await om.stats()).users).toBe(4)
  const tight = openEmbedded({ path, indexMemory: 0 })
  expect(await found(tight)).toEqual(before)
  const stats = await tight.stats()
  expect(stats).toMatchObject({ index_memory: 0, memories: 176 })
  expect(stats.users).toBeLessThanOrEqual(1)
})

test('what was written while its user was not in memory is found', async () => {
  const path = freshDirectory()
  const om = await filled(path)
  openEmbedded({ path, indexMemory: 0 })
  const { id } = await om.addMemory({ content: 'Collects stamps', user_id: 'ada' })
  await om.searchMemories('green tea', { filters: { user_id: 'bob' } })
  await om.updateMemory(id, { content: 'Collects coins', tags: ['hobby'] })
  expect((await om.searchMemories('collects coins', { filters: { user_id: 'ada' } }))[0]).toMatchObject({
    id,
    tags: ['hobby'],
  })
  await om.searchMemories('green tea', { filters: { user_id: 'bob' } })
  await om.deleteMemory(id)
  const ids = (await om.searchMemories('collects coins', { filters: { user_id: 'ada' } })).map((hit) => hit.id)
  expect(ids).not.toContain(id)
})

test('searches of a user who is being loaded find what is added meanwhile', async () => {
  const path = freshDirectory()
  const om = await filled(path)
  await om.close()
  const again = openEmbedded({ path })
  const searches = Array.from({ length: 20 }, () => again.searchMemories('green tea', { filters: { user_id: 'ada' } }))
  const added = again.addMemories(
    Array.from({ length: 20 }, (_, n) => ({ content: `Green tea number ${n}`, user_id: 'ada' })),
  )
  await Promise.all([...searches, added])
  const hits = await again.searchMemories('green tea number', { filters: { user_id: 'ada' }, limit: 30 })
  expect(hits.filter(({ content }) => content.startsWith('Green tea number'))).toHaveLength(20)
  expect((await again.stats()).users).toBe(1)
})

test('opening loads nobody', async () => {
  const path = freshDirectory()
  await (await filled(path)).close()
  const again = openEmbedded({ path })
  await again.listMemories({ limit: 1 })
  expect(await again.stats()).toMatchObject({ users: 0, vectors: 0, memories: 176 })
  await again.searchMemories('green tea', { filters: { user_id: 'cy' } })
  expect(await again.stats()).toMatchObject({ users: 1, vectors: 44 })
})

test.each([[-1], [1.5], ['1 GB'], [null], [Number.NaN]])('indexMemory %p is refused', (indexMemory) => {
  const create = () => new OpenMemory({ path: freshDirectory(), indexMemory: indexMemory as number })
  expect(create).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { field: 'indexMemory' } }))
})

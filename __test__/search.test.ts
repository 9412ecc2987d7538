// Search: order, limits and what is refused.

import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

test('hits come best first, at most as many as the limit, with scores from 0 to 1', async () => {
  const om = openStore({ embedder: wordEmbedder().embedder })
  const exact = await om.addMemory({ content: 'green tea' })
  await om.addMemories(Array.from({ length: 20 }, (_, n) => ({ content: `green thing ${n}` })))
  const hits = await om.searchMemories('green tea')
  expect(hits).toHaveLength(8)
  expect(hits[0]).toMatchObject({ id: exact.id, path: [exact.id] })
  expect(hits[0]?.score).toBeGreaterThan(0.9)
  expect(hits[1]?.score).toBeLessThan(0.7)
  const scores = hits.map(({ score }) => score)
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  for (const score of scores) expect(score >= 0 && score <= 1.000001).toBe(true)
  expect(await om.searchMemories('green tea', { limit: 1000 })).toHaveLength(21)
  expect(await om.searchMemories('green tea', { minScore: 0.9 })).toHaveLength(1)
})

test('limit bounds the hits, and k is its older name', async () => {
  const om = openStore()
  await om.addMemories([{ content: 'green tea' }, { content: 'black tea' }, { content: 'white tea' }])
  expect(await om.searchMemories('tea', { limit: 2 })).toHaveLength(2)
  expect(await om.searchMemories('tea', { k: 1 })).toHaveLength(1)
  expect(await om.searchMemories('tea', { limit: 2, k: 2 })).toHaveLength(2)
  const both = await refusal(om.searchMemories('tea', { limit: 2, k: 1 }))
  expect(both).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'limit' } })
})

test.each([
  [{ limit: 0 }, 'INVALID_ARGUMENT', 'limit'],
  [{ limit: 1.5 }, 'INVALID_ARGUMENT', 'limit'],
  [{ limit: 'two' }, 'INVALID_ARGUMENT', 'limit'],
  [{ limit: 1001 }, 'LIMIT_EXCEEDED', 'limit'],
  [{ k: 1001 }, 'LIMIT_EXCEEDED', 'k'],
  [{ k: null }, 'INVALID_ARGUMENT', 'k'],
])('%p is refused under the name that was given', async (options, code, field) => {
  const error = await refusal(openStore().searchMemories('tea', options as object))
  expect(error).toMatchObject({ code, details: { field }, message: expect.stringMatching(`^${field}\\b`) })
})

test('sectors narrow the search', async () => {
  const om = openStore()
  const how = await om.addMemory({ content: 'tea', metadata: { sector: 'procedural' } })
  await om.addMemory({ content: 'tea', metadata: { sector: 'emotional' } })
  const hits = await om.searchMemories('tea', { sectors: ['procedural'] })
  expect(hits.map(({ id }) => id)).toEqual([how.id])
})

test('concurrent searches each find their own results', async () => {
  const om = openStore()
  const user = (n: number) => (n % 2 === 0 ? 'ada' : 'ben')
  const content = (n: number) => `thing${n} of part${n % 7}`
  const memory = (_: unknown, n: number) => ({ content: content(n), user_id: user(n), tags: [`tag-${n % 3}`] })
  const added = await om.addMemories(Array.from({ length: 300 }, memory))
  const options = [
    () => ({ limit: 3 }),
    (n: number) => ({ filters: { user_id: user(n) } }),
    (n: number) => ({ filters: { user_id: user(n), tags: `tag-${n % 3}` } }),
    () => ({ filters: { OR: [{ user_id: 'ada' }, { user_id: 'ben' }] }, limit: 50 }),
  ]
  const searches = Array.from({ length: 100 }, (_, n) => om.searchMemories(content(n), options[n % 4]?.(n)))
  const found = (await Promise.all(searches)).map(([best]) => ({ id: best?.id, similarity: best?.similarity }))
  expect(found).toEqual(
    added.slice(0, 100).map((result) => ({ id: result.ok && result.memory.id, similarity: expect.closeTo(1, 4) })),
  )
  const [hits, none] = await Promise.all([
    om.searchMemories('thing of part1', { filters: { user_id: 'ben' }, limit: 40 }),
    om.searchMemories('thing of part1', { filters: { user_id: 'nobody' } }),
  ])
  expect(hits).toHaveLength(40)
  expect(hits.every(({ user_id }) => user_id === 'ben')).toBe(true)
  expect(none).toEqual([])
})

test('an empty store has no hits', async () => {
  expect(await openStore().searchMemories('anything')).toEqual([])
})

test.each([
  ['', {}, 'INVALID_ARGUMENT', 'query'],
  [7, {}, 'INVALID_ARGUMENT', 'query'],
  ['x'.repeat(8193), {}, 'LIMIT_EXCEEDED', 'query'],
  ['x', { skip: 3 }, 'INVALID_ARGUMENT', 'skip'],
  ['x', { offset: -1 }, 'INVALID_ARGUMENT', 'offset'],
  ['x', { sectors: ['moody'] }, 'INVALID_ARGUMENT', 'sectors[0]'],
  ['x', { minScore: Number.NaN }, 'INVALID_ARGUMENT', 'minScore'],
])('%# is refused', async (query, options, code, field) => {
  const error = await refusal(openStore().searchMemories(query as string, options as object))
  expect(error).toMatchObject({ code, field })
})

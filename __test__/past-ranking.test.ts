// Texts that were replaced are ranked alike wherever the memories are kept.

import { expect, test } from '@jest/globals'
import type { MemoryMatch, SearchOptions } from '@openmemory/sdk'
import { openEmbedded, openStore } from './helpers/store'

const WORDS = ['tea', 'coffee', 'running', 'chess', 'Berlin', 'jazz', 'bicycles', 'gardening', 'sailing', 'bread']
/** Different enough that no two score the same. */
const SENTENCES = ['Ada likes', 'In the morning Ada enjoys', 'Bob told me that Ada prefers', 'Ada never tires of her']

test('a search of the past finds what a directory finds, in its order', async () => {
  const [directory, om] = [openEmbedded(), openStore()]
  const ids = WORDS.flatMap((word) => [1, 2, 3, 4].map((n) => ({ id: `${word}-${n}`, word, n })))
  for (const store of [directory, om]) {
    const memory = ({ id, word, n }: (typeof ids)[number]) => ({
      id,
      content: `${SENTENCES[n - 1]} ${word}`,
      tags: [word],
    })
    await store.addMemories(ids.map((one) => ({ ...memory(one), user_id: one.n % 2 ? 'ada' : 'bob' })))
  }
  const told = new Date()
  await new Promise((resolve) => setTimeout(resolve, 5))
  for (const state of ['no longer cares for', 'has given up']) {
    const changed = ids.filter(({ n }) => n < 3)
    for (const store of [directory, om]) {
      await store.updateMemories(
        changed.map(({ id, word, n }) => ({ id, content: `${SENTENCES[n - 1]} ${state} ${word}` })),
      )
    }
  }
  const asked: SearchOptions[] = [
    { includeHistory: true, history: 2 },
    { includeHistory: true, filters: { user_id: 'ada' } },
    { asOf: told, filters: { tags: 'tea' } },
    { at: told, history: 1, filters: { user_id: 'bob' } },
  ]
  const close = ({ id, version, content, before, score, similarity }: MemoryMatch) => ({
    ...{ id, version, content },
    ...(before && { before: before.map((text) => ({ version: text.version, content: text.content })) }),
    score: expect.closeTo(score, 5),
    similarity: expect.closeTo(similarity, 5),
  })
  // Equal scores have no order.
  const inOrder = (matches: MemoryMatch[]) =>
    [...matches].sort((a, b) => (Math.abs(a.score - b.score) > 1e-5 ? b.score - a.score : a.id < b.id ? -1 : 1))
  let hits = 0
  for (const word of WORDS) {
    for (const options of asked) {
      const expected = await directory.searchMemories(`Does Ada like ${word}?`, {
        limit: 100,
        minScore: 0.05,
        ...options,
      })
      const found = await om.searchMemories(`Does Ada like ${word}?`, { limit: 100, minScore: 0.05, ...options })
      expect(inOrder(found)).toMatchObject(inOrder(expected).map(close))
      hits += found.length
    }
  }
  expect(hits).toBeGreaterThan(200)
})

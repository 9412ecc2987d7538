// A search can skip its best hits, and filters can ask how a text begins.

import { beforeEach, expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

let om: OpenMemory

beforeEach(async () => {
  om = openStore()
  await om.addMemories(
    Array.from({ length: 40 }, (_, n) => ({
      ...{ content: `tea number ${n}`, user_id: n % 2 ? 'ada' : 'bob', run_id: `chat/${n % 4}`, tags: [`t:${n % 3}`] },
      metadata: { path: `/notes/${n % 5}/x`, list: ['plain', `end/${n % 2}`] },
    })),
  )
})

test.each([[{}], [{ user_id: 'ada' }], [{ 'metadata.path': '/notes/1/x' }]])('pages of %j', async (filters) => {
  const all = (await om.searchMemories('tea', { filters, limit: 100 })).map(({ id }) => id)
  const paged: string[] = []
  for (let offset = 0; offset < all.length + 3; offset += 3) {
    paged.push(...(await om.searchMemories('tea', { filters, offset, limit: 3 })).map(({ id }) => id))
  }
  expect(new Set(paged)).toEqual(new Set(all))
  expect(paged).toHaveLength(all.length)
  expect(await om.searchMemories('tea', { filters, offset: 1500 })).toEqual([])
})

test('an offset is a whole number up to 10,000', async () => {
  expect(await refusal(om.searchMemories('tea', { offset: -1 }))).toMatchObject({ field: 'offset' })
  expect(await refusal(om.searchMemories('tea', { offset: 10_001 }))).toMatchObject({
    ...{ code: 'LIMIT_EXCEEDED', field: 'offset' },
  })
})

test.each([
  [{ run_id: { startsWith: 'chat/1' } }, 10],
  [{ run_id: { startsWith: 'hat' } }, 0],
  [{ user_id: { startsWith: '*' } }, 0],
  [{ tags: { startsWith: 't:' } }, 40],
  [{ tags: { startsWith: 't:2' } }, 13],
  [{ 'metadata.path': { startsWith: '/notes/1/' } }, 8],
  [{ 'metadata.list': { startsWith: 'end/1' } }, 20],
  [{ NOT: { 'metadata.path': { startsWith: '/notes/1/' } } }, 32],
  [{ 'metadata.absent': { startsWith: 'x' } }, 0],
])('%j', async (filters, count) => {
  const { memories } = await om.listMemories({ filters })
  expect(memories).toHaveLength(count)
})

test.each([
  [{ run_id: { startsWith: '' } }],
  [{ run_id: { startsWith: ['chat'] } }],
  [{ created_at: { startsWith: '2026' } }],
])('%j is refused', async (filters) => {
  expect(await refusal(om.listMemories({ filters } as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

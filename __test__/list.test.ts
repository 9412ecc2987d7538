// Listing: order, pages, iteration.

import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

async function fill(om: OpenMemory, count: number): Promise<string[]> {
  const items = Array.from({ length: count }, (_, n) => ({
    ...{ id: `m${String(n).padStart(3, '0')}`, content: `note ${n}` },
    created_at: new Date(Date.UTC(2024, 0, 1 + Math.floor(n / 2))),
  }))
  await om.addMemories(items)
  return items.map(({ id }) => id)
}

async function ids(memories: AsyncIterable<{ id: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { id } of memories) found.push(id)
  return found
}

test('pages neither repeat nor miss a memory, also where times are equal', async () => {
  const om = openStore()
  const all = await fill(om, 25)
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await om.listMemories({ limit: 4, order: 'created_at:asc', ...(cursor && { cursor }) })
    expect(page.memories.length).toBeLessThanOrEqual(4)
    found.push(...page.memories.map(({ id }) => id))
    cursor = page.next_cursor
  } while (cursor)
  expect([...found].sort()).toEqual(all)
  const created = await Promise.all(found.map(async (id) => (await om.getMemory(id)).created_at))
  expect(created).toEqual([...created].sort())
})

test('the default is 100 memories, newest first', async () => {
  const om = openStore()
  const all = await fill(om, 130)
  const page = await om.listMemories()
  expect(page.memories).toHaveLength(100)
  expect(page.memories[0]?.created_at).toBe((await om.getMemory(all.at(-1) as string)).created_at)
  const rest = await om.listMemories({ cursor: page.next_cursor as string })
  expect(rest.memories).toHaveLength(30)
  expect(rest.next_cursor).toBeUndefined()
})

test('updated memories come first by updated_at', async () => {
  const om = openStore()
  await fill(om, 10)
  await om.updateMemory('m003', { tags: ['x'] })
  const { memories } = await om.listMemories({ order: 'updated_at:desc', limit: 1 })
  expect(memories[0]?.id).toBe('m003')
})

test('iterating reads page by page, each memory once', async () => {
  const om = openStore()
  const all = await fill(om, 25)
  expect((await ids(om.iterateMemories({ limit: 7 }))).sort()).toEqual(all)
  expect(await ids(om.iterateMemories({ filters: { memory_ids: ['m001', 'm002'] }, order: 'created_at:asc' }))).toEqual(
    ['m001', 'm002'],
  )
  expect(await ids(om.iterateMemories({ filters: { tags: 'none' } }))).toEqual([])
})

test('an iteration by updated_at ends, also where its loop updates what it meets', async () => {
  const om = openStore()
  await om.addMemories(Array.from({ length: 150 }, (_, n) => ({ id: `m${n}`, content: `note ${n}` })))
  const met: string[] = []
  for await (const { id } of om.iterateMemories({ order: 'updated_at:asc' })) {
    met.push(id)
    await om.updateMemory(id, { metadata: { met: true } })
  }
  expect(new Set(met).size).toBe(150)
  expect(met).toHaveLength(150)
})

test('memories deleted after the cursor do not disturb the iteration', async () => {
  const om = openStore()
  const all = await fill(om, 20)
  const found: string[] = []
  for await (const { id } of om.iterateMemories({ limit: 5, order: 'created_at:asc' })) {
    found.push(id)
    await om.deleteMemory(id)
  }
  expect(found.sort()).toEqual(all)
  expect((await om.listMemories()).memories).toEqual([])
})

test.each([
  [{ limit: 0 }, 'limit'],
  [{ limit: 1.5 }, 'limit'],
  [{ limit: 1001 }, 'limit'],
  [{ order: 'content:asc' }, 'order'],
  [{ cursor: 'not a cursor' }, 'cursor'],
  [{ filter: {} }, 'filter'],
])('%j is refused', async (options, field) => {
  expect(await refusal(openStore().listMemories(options as never))).toMatchObject({ field })
})

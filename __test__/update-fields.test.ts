// What an update changes, and what it leaves.

import { beforeEach, expect, test } from '@jest/globals'
import type { Memory, OpenMemory } from '@openmemory/sdk'
import { openStore } from './helpers/store'

let om: OpenMemory
let memory: Memory

beforeEach(async () => {
  om = openStore()
  memory = await om.addMemory({
    content: 'Rust 1.0 was released in 2015',
    tags: ['rust', 'release'],
    metadata: { category: 'programming', checked: { by: 'ann', on: '2024-01-01' }, draft: true },
    user_id: 'ann',
  })
})

test('a new memory is at version 1', () => {
  expect(memory).toMatchObject({ version: 1, immutable: false, tags: ['rust', 'release'], user_id: 'ann' })
  expect(memory.id).toMatch(/^mem_/)
  expect(memory.created_at).toBe(memory.updated_at)
})

test('tags are replaced whole, in their order, and an empty array clears them', async () => {
  const replaced = await om.updateMemory(memory.id, { tags: ['b', 'a', 'b'] })
  expect(replaced.tags).toEqual(['b', 'a', 'b'])
  const cleared = await om.updateMemory(memory.id, { tags: [] })
  expect(cleared.tags).toEqual([])
  expect(cleared.version).toBe(3)
})

test('metadata is merged: fields are added, overwritten whole and removed by null, the rest survives', async () => {
  const updated = await om.updateMemory(memory.id, {
    metadata: { verified: true, checked: { by: 'bob' }, draft: null, never: null },
  })
  expect(updated.metadata).toEqual({ category: 'programming', checked: { by: 'bob' }, verified: true })
})

test('a nested null is a value and is kept', async () => {
  const updated = await om.updateMemory(memory.id, { metadata: { checked: { by: null } } })
  expect(updated.metadata.checked).toEqual({ by: null })
})

test('a property that is undefined counts as absent', async () => {
  const updated = await om.updateMemory(memory.id, { tags: undefined, metadata: { draft: undefined, x: 1 } })
  expect(updated.tags).toEqual(memory.tags)
  expect(updated.metadata).toEqual({ ...memory.metadata, x: 1 })
})

test('each accepted update adds exactly 1 to the version, also one that changes nothing', async () => {
  for (let version = 2; version <= 5; version++) {
    const updated = await om.updateMemory(memory.id, { tags: ['same'] })
    expect(updated.version).toBe(version)
  }
})

test('content changes alone, and the rest of the record stays', async () => {
  const updated = await om.updateMemory(memory.id, { content: 'Rust 1.0 was released on 15 May 2015' })
  expect(updated).toEqual({
    ...memory,
    content: 'Rust 1.0 was released on 15 May 2015',
    version: 2,
    updated_at: updated.updated_at,
    valid_from: updated.updated_at,
    sectors: updated.sectors,
    primary_sector: updated.sectors[0],
    salience: expect.any(Number),
  })
  expect(updated.updated_at >= memory.updated_at).toBe(true)
})

test('content, tags and metadata change together as one version', async () => {
  const patch = { content: 'Go 1.0 was released in 2012', tags: ['go'], metadata: { category: 'history' } }
  const updated = await om.updateMemory(memory.id, patch)
  expect(updated).toMatchObject({ content: patch.content, tags: ['go'], version: 2 })
  expect(updated.metadata).toEqual({ ...memory.metadata, category: 'history' })
  expect(await om.getMemory(memory.id)).toEqual({ ...updated, salience: expect.any(Number) })
})

test('metadata.sector pins the sector, and removing it unpins', async () => {
  const pinned = await om.updateMemory(memory.id, { metadata: { sector: 'emotional' } })
  expect(pinned.sectors).toEqual(['emotional'])
  const moved = await om.updateMemory(memory.id, { content: 'How to bake bread: first, knead the dough.' })
  expect(moved).toMatchObject({ sectors: ['emotional'], primary_sector: 'emotional' })
  const free = await om.updateMemory(memory.id, { metadata: { sector: null } })
  expect(free.metadata).not.toHaveProperty('sector')
})

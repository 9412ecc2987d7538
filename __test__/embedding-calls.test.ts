// When is the embedder called? For texts that are new to a memory, and for nothing else.

import { beforeEach, expect, test } from '@jest/globals'
import type { Memory, OpenMemory } from '@openmemory/sdk'
import { freshDirectory, openStore } from './helpers/store'
import { type WordEmbedder, wordEmbedder } from './helpers/word-embedder'

let words: WordEmbedder
let om: OpenMemory
let memory: Memory

beforeEach(async () => {
  words = wordEmbedder()
  om = openStore({ embedder: words.embedder })
  memory = await om.addMemory({ content: 'first text', tags: ['a'] })
  await om.updateMemory(memory.id, { content: 'second text' })
  words.texts.length = 0
})

test('a new text is embedded', async () => {
  await om.updateMemory(memory.id, { content: 'third text' })
  expect(words.texts).toContain('third text')
})

test('the first text of a store is preceded by 60 sentences about sectors, once, also where its sector is pinned', async () => {
  const first = wordEmbedder()
  const store = openStore({ embedder: first.embedder })
  await store.addMemory({ content: 'pinned text', metadata: { sector: 'semantic' } })
  expect(first.texts).toHaveLength(61)
  await store.addMemory({ content: 'another text' })
  await store.searchMemories('a question')
  expect(first.texts.slice(60)).toEqual(['pinned text', 'another text', 'a question'])
})

test('tags, metadata and expiry never call the embedder', async () => {
  await om.updateMemory(memory.id, { tags: ['b'], metadata: { x: 1 }, expires_at: '2999-01-01' })
  await om.updateMemories([{ id: memory.id, metadata: { y: 1 } }])
  expect(words.texts).toEqual([])
})

test('the stored text given again is not embedded, and still makes a version', async () => {
  const updated = await om.updateMemory(memory.id, { content: 'second text' })
  expect(updated.version).toBe(3)
  expect(words.texts).toEqual([])
})

test('a restored version is not embedded', async () => {
  const restored = await om.restoreMemory(memory.id, 1)
  expect(restored).toMatchObject({ content: 'first text', version: 3 })
  expect(words.texts).toEqual([])
})

test('a text that the memory held before is not embedded', async () => {
  await om.updateMemory(memory.id, { content: 'first text' })
  expect(words.texts).toEqual([])
})

test('reading, listing, reinforcing, feedback and refused updates never call the embedder', async () => {
  await om.getMemory(memory.id)
  await om.listMemories()
  await om.getHistory(memory.id)
  await om.reinforceMemory(memory.id)
  await om.sendFeedback(memory.id, 'POSITIVE')
  await om.updateMemory(memory.id, { content: 'x', ifVersion: 1 } as object).catch(() => {})
  await om.updateMemory('mem_unknown', { content: 'a text for nobody' }).catch(() => {})
  expect(words.texts).toEqual([])
})

test('a stored text is still known after the store is opened again', async () => {
  const path = freshDirectory()
  const before = openStore({ path, embedder: words.embedder })
  const { id } = await before.addMemory({ content: 'kept text' })
  await before.close()
  words.texts.length = 0
  const after = openStore({ path, embedder: words.embedder })
  expect(await after.updateMemory(id, { content: 'kept text' })).toMatchObject({ version: 2 })
  expect(words.texts).toEqual([])
})

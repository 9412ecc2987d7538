// Another model is rejected until reindex has run. An interrupted reindex resumes where it stopped.

import { beforeEach, expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { databaseTest, embeddedTest, freshDirectory, openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

let path: string

beforeEach(async () => {
  path = freshDirectory()
  const om = openStore({ path, embedder: wordEmbedder('small', 16).embedder })
  await om.addMemories(Array.from({ length: 40 }, (_, n) => ({ id: `m${n}`, content: `topic${n} of the list` })))
  await om.updateMemory('m0', { content: 'corrected topic0' })
  await om.close()
})

test('a store of another model refuses to embed or search, and can be read', async () => {
  const om = openStore({ path, embedder: wordEmbedder('large', 64).embedder })
  const error = await refusal(om.searchMemories('topic7'))
  expect(error).toMatchObject({ code: 'MODEL_MISMATCH', status: 500, retryable: false })
  expect((await refusal(om.addMemory({ content: 'new' }))).code).toBe('MODEL_MISMATCH')
  expect((await om.getMemory('m0')).version).toBe(2)
  expect((await om.listMemories()).memories).toHaveLength(40)
})

embeddedTest('reindex embeds everything with the new model, shows progress, and makes no versions', async () => {
  const large = wordEmbedder('large', 64)
  const om = openStore({ path, embedder: large.embedder })
  const progress: [number, number][] = []
  const summary = await om.reindex({ onProgress: (done, total) => progress.push([done, total]) })
  expect(summary).toEqual({ reindexed: 40, model: { id: 'large', dimensions: 64 } })

  const [done, total] = progress.at(-1) as [number, number]
  expect(done).toBe(total)
  expect(progress.length).toBeGreaterThan(1)
  expect(progress.map(([at]) => at)).toEqual(progress.map(([at]) => at).sort((a, b) => a - b))

  const [hit] = await om.searchMemories('topic7 of the list')
  expect(hit).toMatchObject({ id: 'm7', version: 1 })
  expect(hit?.similarity).toBeGreaterThan(0.99)
  expect((await om.getMemory('m0')).version).toBe(2)
})

test('the old model is the mismatch afterwards', async () => {
  const om = openStore({ path, embedder: wordEmbedder('large', 64).embedder })
  await om.reindex()
  await om.close()
  const old = openStore({ path, embedder: wordEmbedder('small', 16).embedder })
  expect((await refusal(old.searchMemories('topic7'))).code).toBe('MODEL_MISMATCH')
})

embeddedTest('an interrupted reindex resumes where it stopped, even after closing the store', async () => {
  const large = wordEmbedder('large', 64)
  const om = openStore({ path, embedder: large.embedder })
  const interruption = new AbortController()
  const call = om.reindex({
    signal: interruption.signal,
    onProgress: (done) => {
      if (done >= 10) interruption.abort()
    },
  })
  expect((await refusal(call)).code).toBe('ABORTED')
  expect((await refusal(om.searchMemories('topic7'))).code).toBe('MODEL_MISMATCH')
  await om.close()

  const before = new Set(large.texts)
  large.texts.length = 0
  const again = openStore({ path, embedder: large.embedder })
  await again.reindex()
  const contents = Array.from({ length: 39 }, (_, n) => `topic${n + 1} of the list`)
  expect(contents.filter((text) => large.texts.includes(text)).length).toBeLessThan(39)
  for (const text of contents) expect(before.has(text) || large.texts.includes(text)).toBe(true)
  expect((await again.searchMemories('topic30 of the list'))[0]?.id).toBe('m30')
})

databaseTest('servers of the former model are refused once it has changed', async () => {
  const shared = freshDirectory()
  const former = openStore({ path: shared, embedder: wordEmbedder('small', 16).embedder })
  await former.addMemories(
    Array.from({ length: 40 }, (_, n) => ({
      id: `m${n}`,
      content: `topic${n} of the list`,
      user_id: n % 2 ? 'ada' : 'bob',
    })),
  )
  expect(await former.searchMemories('topic7 of the list', { limit: 40 })).toHaveLength(40)
  const other = openStore({ path: shared, embedder: wordEmbedder('large', 64).embedder })
  expect((await refusal(other.searchMemories('topic7'))).code).toBe('MODEL_MISMATCH')
  expect(await other.reindex()).toEqual({ reindexed: 40, model: { id: 'large', dimensions: 64 } })
  const stored = { code: 'MODEL_MISMATCH' }
  expect(await refusal(former.updateMemory('m7', { content: 'topic7 of another' }))).toMatchObject(stored)
  expect(await refusal(former.addMemory({ content: 'a new one', user_id: 'ada' }))).toMatchObject(stored)
  expect(await refusal(former.searchMemories('topic7 of the list'))).toMatchObject(stored)
  await former.updateMemory('m8', { tags: ['seen'] })
  expect(await other.searchMemories('topic7 of the list', { limit: 40 })).toHaveLength(40)
  expect((await other.reindex()).reindexed).toBe(0)
})

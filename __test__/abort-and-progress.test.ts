// Signals and progress of long calls.

import { expect, test } from '@jest/globals'
import { messageOf } from './helpers/child'
import { refusal } from './helpers/refusal'
import { embeddedTest, freshDirectory, openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

const items = Array.from({ length: 500 }, (_, n) => ({ content: `note number ${n}` }))

test('a signal that has fired already ends the call before it begins', async () => {
  const om = openStore()
  const reason = new Error('changed my mind')
  const error = await refusal(om.addMemories(items, { signal: AbortSignal.abort(reason) }))
  expect(error).toMatchObject({ code: 'ABORTED', status: 503 })
  expect(error.cause).toBe(reason)
  expect((await om.listMemories()).memories).toEqual([])
})

test('a signal during embedding ends the call, and committed items are complete', async () => {
  const words = wordEmbedder()
  const controller = new AbortController()
  const { embed } = words.embedder
  const om = openStore({
    embedder: {
      ...words.embedder,
      async embed(texts) {
        const vectors = await embed(texts)
        if (words.texts.includes('note number 3')) controller.abort(new Error('enough'))
        return vectors
      },
    },
  })
  const error = await refusal(om.addMemories(items, { signal: controller.signal }))
  expect(error.code).toBe('ABORTED')
  expect(error.cause).toMatchObject({ message: 'enough' })
  const { memories } = await om.listMemories({ limit: 1000 })
  expect(memories.length).toBeLessThan(items.length)
  for (const { content } of memories) expect(words.texts).toContain(content)
})

test('an atomic batch that is aborted leaves nothing', async () => {
  const controller = new AbortController()
  const om = openStore({
    embedder: {
      ...wordEmbedder().embedder,
      embed: (texts) => {
        if (texts.some((text) => text.startsWith('note number'))) controller.abort()
        return wordEmbedder().embedder.embed(texts)
      },
    },
  })
  const error = await refusal(om.addMemories(items, { atomic: true, signal: controller.signal }))
  expect(error.code).toBe('ABORTED')
  expect((await om.listMemories()).memories).toEqual([])
})

test('a signal that fires after the call has settled does nothing', async () => {
  const om = openStore()
  const controller = new AbortController()
  const results = await om.addMemories(items.slice(0, 3), { signal: controller.signal })
  controller.abort()
  expect(results.every(({ ok }) => ok)).toBe(true)
  expect((await om.listMemories()).memories).toHaveLength(3)
})

test('progress rises to the total', async () => {
  const om = openStore()
  const progress: [number, number][] = []
  await om.addMemories(items, { onProgress: (done, total) => progress.push([done, total]) })
  const done = progress.map(([at]) => at)
  expect(done.length).toBeGreaterThan(0)
  expect(done).toEqual([...done].sort((a, b) => a - b))
  expect(progress.at(-1)?.[0]).toBe(progress.at(-1)?.[1])
})

test('an error of onProgress rejects the call when the work is done, and does not stop the work', async () => {
  const om = openStore()
  const mistake = new Error('in the callback')
  const call = om.addMemories(items, {
    onProgress: () => {
      throw mistake
    },
  })
  await expect(call).rejects.toBe(mistake)
  expect((await om.listMemories({ limit: 1000 })).memories).toHaveLength(500)
})

test.each([
  [{ signal: {} }, 'signal'],
  [{ onProgress: 'loud' }, 'onProgress'],
  [{ progress: () => {} }, 'progress'],
])('%p is refused by name', async (options, field) => {
  const error = await refusal(openStore().addMemories(items, options as never))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

test('a signal ends every watch that it was given to', async () => {
  const controller = new AbortController()
  const om = openStore()
  const watches = Array.from({ length: 12 }, () => om.watch({ signal: controller.signal }))
  const ends = watches.map((watch) => watch.next())
  await om.ready()
  controller.abort()
  expect(await Promise.all(ends)).toEqual(Array(12).fill({ done: true, value: undefined }))
})

embeddedTest('many calls and watches may share a signal, without a warning of a leak', async () => {
  expect(await messageOf('shared-signal.mjs', freshDirectory())).toEqual([])
})

test('a promise of onProgress that rejects rejects the call when the work is done, as a throw does', async () => {
  const om = openStore()
  const mistake = new Error('in the callback')
  const onProgress = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    throw mistake
  }
  await expect(om.addMemories(items, { onProgress })).rejects.toBe(mistake)
  expect((await om.listMemories({ limit: 1000 })).memories).toHaveLength(500)
})

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

/** Salience and recency change with each moment. */
const timeless = (answer: unknown) =>
  JSON.stringify(answer, (name, value) =>
    typeof value === 'number' && !/count|version|omitted/.test(name) ? 0 : value,
  )

test('calls that embed or read many memories end by a signal, and answer as without one', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada', tags: ['taste'] })
  const calls = (signal?: AbortSignal) => {
    const options = signal && { signal }
    return {
      search: () => om.searchMemories('tea', { explain: true, ...options }),
      context: () => om.context('tea', options),
      list: () => om.listMemories(options),
      iterate: async () => (await om.iterateMemories(options).next()).value,
      facets: () => om.facets({ field: 'tags', ...options }),
      history: () => om.getHistory(id, options),
    }
  }
  const [plain, open] = [calls(), calls(new AbortController().signal)]
  const reason = new Error('enough')
  for (const [name, call] of Object.entries(calls(AbortSignal.abort(reason)))) {
    const error = await refusal(call() as Promise<unknown>)
    expect([name, error.code, error.cause]).toEqual([name, 'ABORTED', reason])
    const [withSignal, without] = [await open[name as 'list'](), await plain[name as 'list']()]
    expect([name, timeless(withSignal)]).toEqual([name, timeless(without)])
  }
  for (const signal of [{}, 'now', 1]) {
    const error = await refusal(om.searchMemories('tea', { signal: signal as never }))
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'signal' } })
  }
})

test('a single add, update or search ends by its signal while it embeds, and nothing has changed', async () => {
  let controller = new AbortController()
  let isSlow = false
  const words = wordEmbedder().embedder
  const om = openStore({
    embedder: {
      ...words,
      async embed(texts) {
        if (isSlow) {
          controller.abort(new Error('enough'))
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
        return words.embed(texts)
      },
    },
  })
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  isSlow = true
  const calls = [
    (options: { signal: AbortSignal }) => om.addMemory({ content: 'Bob drinks coffee' }, options),
    (options: { signal: AbortSignal }) => om.updateMemory(id, { content: 'Ada drinks water' }, options),
    (options: { signal: AbortSignal }) => om.searchMemories('water', options),
    (options: { signal: AbortSignal }) => om.context('juice', options),
  ]
  for (const call of calls) {
    controller = new AbortController()
    const error = await refusal(call({ signal: controller.signal }) as Promise<unknown>)
    expect([error.code, error.cause]).toMatchObject(['ABORTED', { message: 'enough' }])
  }
  isSlow = false
  expect((await om.listMemories()).memories).toMatchObject([{ id, content: 'Ada drinks tea', version: 1 }])
})

test('a change with a signal is made, and refused, as without one', async () => {
  const om = openStore()
  const { signal } = new AbortController()
  const added = await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' }, { signal })
  expect(await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' }, { signal, ifExists: 'skip' })).toMatchObject(
    {
      ...{ id: added.id, existed: true },
    },
  )
  const { id } = added
  const changed = await om.updateMemory(
    id,
    { content: 'Ada drank tea', tags: ['taste'], metadata: { a: 1 } },
    { signal, ifVersion: 1, actor: 'bob', reason: 'heard it', correction: true },
  )
  expect(changed).toMatchObject({ id, version: 2, tags: ['taste'], metadata: { a: 1 } })
  expect((await om.getHistory(id))[0]).toMatchObject({ actor: 'bob', reason: 'heard it' })
  const refused = (options: { signal?: AbortSignal }) => [
    om.addMemory({ content: '' }, options),
    om.addMemory({ content: 'x', tags: ['a', 5 as never] }, options),
    om.addMemory({ content: 'x', other: 1 } as never, options),
    om.updateMemory(id, { content: 'x' }, { ...options, ifVersion: 1 }),
    om.updateMemory(id, { metadata: { a: 1n as never } }, options),
    om.updateMemory(id, { id: 'other' } as never, options),
    om.updateMemory(id, { ifVersion: 2 } as never, options),
    om.updateMemory(id, {}, options),
    om.updateMemory('mem_unknown', { content: 'x' }, options),
    om.updateMemory('', { content: 'x' }, options),
  ]
  const plain = refused({})
  for (const [at, call] of refused({ signal }).entries()) {
    const [error, other] = [await refusal(call), await refusal(plain[at] as Promise<unknown>)]
    expect([at, error.code, error.details]).toEqual([at, other.code, other.details])
  }
  expect((await om.listMemories()).memories).toMatchObject([{ version: 2 }])
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

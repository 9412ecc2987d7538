// A request to a language model that nobody waits for any longer is ended.

import { expect, test } from '@jest/globals'
import { fakeModel, operations } from '../helpers/fake-model'
import { asker, serve } from '../helpers/server'

const TEXT = 'I got a cat'

test('a client that hangs up ends the request to the model, and nothing is applied', async () => {
  const ended: Promise<unknown>[] = []
  let begun = () => {}
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  const model = await fakeModel(
    (_, response) => {
      ended.push(new Promise((resolve) => response.on('close', () => resolve(response.writableEnded))))
      begun()
    },
    operations(() => []),
  )
  const { store, server } = await serve({}, { languageModel: { ...model.endpoint, timeoutMs: 60_000 } })
  const stop = new AbortController()
  const asking = fetch(`http://127.0.0.1:${server.port}/memory/learn`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: TEXT, user_id: 'ada' }),
    signal: stop.signal,
  })
  await beginning
  stop.abort()
  await expect(asking).rejects.toThrow()
  // Closed by the other side, without an answer.
  expect(await Promise.all(ended)).toEqual([false])
  expect(model.exchanges.length).toBe(1)
  // The scope is free for the next call.
  const next = await asker(server.port)('POST', '/memory/learn', { body: { text: 'Hello there', user_id: 'ada' } })
  expect(next.body).toMatchObject({ status: 'nothing' })
  expect((await store.listMemories()).memories).toEqual([])
})

test.each([
  ['/memory/consolidate', { user_id: 'ada', feedback: 'No, it is a dog' }],
  ['/memory/relearn', { user_id: 'ada', instructions: 'pets' }],
])('a client that hangs up during %s ends the request to the model as well', async (path, body) => {
  let begun = () => {}
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  let ended: Promise<unknown> | undefined
  const model = await fakeModel(
    operations(() => [{ quote: TEXT, text: 'Ada has a cat' }]),
    (_, response) => {
      ended = new Promise((resolve) => response.on('close', () => resolve(response.writableEnded)))
      begun()
    },
  )
  const { store, server } = await serve({}, { languageModel: { ...model.endpoint, timeoutMs: 60_000 } })
  await store.learn(TEXT, { user_id: 'ada' })
  const [memory] = (await store.listMemories()).memories
  const stop = new AbortController()
  const asking = fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify('feedback' in body ? { ...body, memories: [memory?.id] } : body),
    signal: stop.signal,
  })
  await beginning
  stop.abort()
  await expect(asking).rejects.toThrow()
  expect(await ended).toBe(false)
  expect(model.exchanges.length).toBe(2)
  expect((await store.listLearnings()).learnings.length).toBe(1)
})

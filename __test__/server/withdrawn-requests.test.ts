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

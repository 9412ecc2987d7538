// Closing: once is enough, what is in flight settles, and the directory is free again.

import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { freshDirectory, inPostgres, openStore } from './helpers/store'

test('close is idempotent, also before first use', async () => {
  const unused = openStore()
  await Promise.all([unused.close(), unused.close()])
  const used = openStore()
  await used.ready()
  await used.close()
  await used.close()
})

test('close settles calls in flight', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  const adding = Array.from({ length: 20 }, (_, n) => om.addMemory({ content: `note ${n}` }))
  await om.close()
  const memories = await Promise.all(adding)
  const reopened = openStore({ path })
  for (const { id, content } of memories) expect((await reopened.getMemory(id)).content).toBe(content)
})

test('every call after close rejects with CLOSED', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'x' })
  await om.close()
  const calls = [
    ...[om.addMemory({ content: 'y' }), om.addMemories([{ content: 'y' }]), om.getMemory(id), om.listMemories()],
    ...[om.iterateMemories().next(), om.updateMemory(id, { tags: [] }), om.updateMemories([{ id, tags: [] }])],
    ...[om.deleteMemory(id), om.deleteMemories([id]), om.searchMemories('x'), om.reinforceMemory(id)],
    ...[om.getHistory(id), om.restoreMemory(id, 1), om.sendFeedback(id, null), om.getWaypoints(id), om.reindex()],
    ...[om.retireMemory(id), om.applyOperations([{ delete: { id } }]), om.undoOperations([]), om.context('x')],
    ...[om.stats(), om.ready(), om.flush(), om.exportTo('x.jsonl'), om.importFrom('x.jsonl')],
  ]
  const errors = await Promise.all(calls.map((call) => refusal(call)))
  for (const error of errors) expect(error).toMatchObject({ code: 'CLOSED', status: 503 })
})

test('asyncDispose closes', async () => {
  const om = openStore()
  await om.ready()
  await om[Symbol.asyncDispose]()
  expect((await refusal(om.stats())).code).toBe('CLOSED')
})

test('with durability interval, flushed and closed data is durable', async () => {
  const path = freshDirectory()
  const om = openStore({ path, durability: 'interval' })
  const { id } = await om.addMemory({ content: 'x' })
  if (inPostgres)
    expect(await refusal(om.flush())).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('synchronous_commit'),
    })
  else await om.flush()
  await om.updateMemory(id, { tags: ['late'] })
  await om.close()
  expect(await openStore({ path }).getMemory(id)).toMatchObject({ tags: ['late'], version: 2 })
})

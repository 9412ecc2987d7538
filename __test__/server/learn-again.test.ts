// What is there already is looked at again over HTTP, with the key of the request and the model of the server.

import { expect, test } from '@jest/globals'
import { fakeModel, numberOf, operations } from '../helpers/fake-model'
import { serve } from '../helpers/server'

const ANSWERS = operations((asked) => {
  const memory = numberOf(asked, 'Milo is a cat')
  const message = asked.messages.findIndex(({ text }) => text.includes('Milo is a dog')) + 1
  if (message === 0) return [{ quote: 'Milo is a cat', text: 'Milo is a cat' }]
  return [{ op: 'update', memory, message, quote: 'Milo is a dog', change: 'correction', text: 'Milo is a dog' }]
})
const ANN = 'key-of-tenant-ann'
const BOB = 'key-of-tenant-bob'

async function scene() {
  const model = await fakeModel(ANSWERS)
  const served = await serve({ apiKeys: [`ann=${ANN}`, `bob=${BOB}`] }, { languageModel: model.endpoint })
  const ask = (path: string, body: unknown, key = ANN) => served.ask('POST', path, { body, key })
  await ask('/memory/learn', { text: 'Milo is a cat', user_id: 'ada' })
  const listed = await served.ask('GET', '/memory/all', { key: ANN })
  return { model, ask, id: listed.body.items[0].id }
}

test('feedback corrects a memory, once a person has decided', async () => {
  const { ask, id } = await scene()
  const asked = { memories: [id], feedback: 'No, Milo is a dog', user_id: 'ada', actor: null }
  const { status, body } = await ask('/memory/consolidate', asked)
  expect([status, body.learning.status]).toEqual([200, 'waiting'])
  const decided = await ask(`/learnings/${body.learning.id}/decide`, { all: 'apply' })
  expect(decided.body.operations).toMatchObject([{ state: 'applied', id, version: 2 }])
  expect((await ask('/memory/consolidate', { user_id: 'nobody' })).body).toEqual({ learning: null })
})

test('kept messages are learnt from once more, and memories keep their ids', async () => {
  const { ask, model, id } = await scene()
  const same = await ask('/memory/relearn', { user_id: 'ada' })
  expect(same.body.learnings).toMatchObject([{ status: 'done', operations: [{ operation: { op: 'add' } }] }])
  expect(model.exchanges.length).toBe(1)
  const again = await ask('/memory/relearn', { user_id: 'ada', instructions: 'pets', mode: 'apply' })
  expect(again.body.learnings).toMatchObject([{ status: 'done', operations: [{ id, operation: { op: 'keep' } }] }])
  expect(model.exchanges.length).toBe(2)
})

test('a tenant reaches its own memories only', async () => {
  const { ask, id } = await scene()
  const other = await ask('/memory/consolidate', { memories: [id], feedback: 'No, Milo is a dog' }, BOB)
  expect([other.status, other.body.code]).toEqual([404, 'NOT_FOUND'])
  expect((await ask('/memory/relearn', { user_id: 'ada' }, BOB)).body).toEqual({ learnings: [] })
  for (const path of ['/memory/consolidate', '/memory/relearn']) {
    expect((await ask(path, {}, 'no-such-key-at-all')).status).toBe(401)
  }
})

test('what is wrong is named as in every other route, and no other model can be', async () => {
  const { ask, model } = await scene()
  const elsewhere = { url: model.endpoint.url, model: 'x' }
  for (const [path, body, field] of [
    ['/memory/consolidate', { feedback: 'wrong' }, 'memories'],
    ['/memory/consolidate', { languageModel: elsewhere }, 'languageModel'],
    ['/memory/consolidate', { signal: {} }, 'signal'],
    ['/memory/consolidate', { x: 1 }, 'x'],
    ['/memory/relearn', { user_id: 'ada', languageModel: elsewhere }, 'languageModel'],
    ['/memory/relearn', { user_id: 'ada', mode: 'soon' }, 'mode'],
    ['/memory/relearn', [], 'body'],
  ] as const) {
    const { status, body: refused } = await ask(path, body)
    expect([path, body, status, refused.field]).toEqual([path, body, 400, field])
  }
  expect(model.exchanges.length).toBe(1)
})

test('a server without a model says so', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'Milo is a cat' })
  const { status, body } = await ask('POST', '/memory/consolidate', { body: { memories: [id], feedback: 'no' } })
  expect([status, body.code]).toEqual([400, 'NO_LANGUAGE_MODEL'])
})

// Learning behind the answer, and within a budget.

import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { fakeModel, json, operation, operations, refuses } from '../helpers/fake-model'
import { type Ask, serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

const LATER = { prefer: 'wait=5, Respond-Async; x=1' }
const LISBON = operations(() => [{ quote: 'live in Lisbon', text: 'Ada lives in Lisbon' }])
const live = { text: 'I live in Lisbon', user_id: 'ada' }

/** Reads a learning until it is learnt from. */
async function settled(ask: Ask, place: string, key?: string) {
  for (;;) {
    const { body } = await ask('GET', place, { ...(key && { key }) })
    if (body.status !== 'pending') return body
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('a call that prefers it is answered first, and its learning can be read from then on', async () => {
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const model = await fakeModel(async (exchange, response) => {
    await held
    return LISBON(exchange, response)
  })
  const { ask, store, server } = await serve({}, { languageModel: model.endpoint })
  const first = await ask('POST', '/memory/learn', { body: { ...live, run_id: 'r1' }, headers: LATER })
  const { id } = first.body
  expect([first.status, first.headers.location, first.headers['preference-applied']]).toEqual([
    202,
    `/learnings/${id}`,
    'respond-async',
  ])
  expect(first.body).toMatchObject({ status: 'pending', operations: [], user_id: 'ada', run_id: 'r1' })
  expect((await ask('GET', `/learnings/${id}`)).body).toEqual({ ...first.body, created_at: expect.any(String) })
  const remote = new OpenMemory({ url: server.url })
  expect(await remote.getLearning(id)).toMatchObject({ id, status: 'pending', run_id: 'r1' })
  await remote.close()
  expect((await store.listLearnings()).learnings).toEqual([])
  answer()
  expect(await settled(ask, `/learnings/${id}`)).toMatchObject({
    id,
    status: 'done',
    operations: [{ state: 'applied' }],
  })
  // The same again asks nobody, and is the same learning.
  const again = await ask('POST', '/memory/learn', { body: { ...live, run_id: 'r1' }, headers: LATER })
  expect(again.body.id).not.toBe(id)
  expect(await settled(ask, `/learnings/${again.body.id}`)).toMatchObject({ id, status: 'done' })
  expect(model.exchanges.length).toBe(1)
})

test('a client that does not wait has a learning that it can read, also of what is looked at again', async () => {
  const model = await fakeModel(
    LISBON,
    operations(() => []),
  )
  const { server, store } = await serve({}, { languageModel: model.endpoint })
  const om = new OpenMemory({ url: server.url, userId: 'ada' })
  const read = async ({ id }: { id: string }) => {
    for (;;) {
      const learning = await om.getLearning(id)
      if (learning.status !== 'pending') return learning
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const learning = await om.learn('I live in Lisbon', { wait: false })
  expect(learning).toMatchObject({ status: 'pending', user_id: 'ada' })
  const [learnt] = (await read(learning)).operations
  expect(learnt).toMatchObject({ state: 'applied' })
  const looked = await om.consolidate({ memories: [learnt?.id ?? ''], feedback: 'That is fine', wait: false })
  expect(looked?.status).toBe('pending')
  expect((await read(looked as { id: string })).status).toBe('nothing')
  expect((await om.learn('I live in Lisbon', { wait: true })).status).toBe('done')
  // @ts-expect-error: neither true nor false
  await expect(om.learn('x y', { wait: 'no' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'wait' })
  // Nobody would go on with it.
  await expect(store.learn('x y', { wait: false })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'wait' })
  await om.close()
})

test('a call to look again that prefers it is answered first', async () => {
  const model = await fakeModel(operations(() => []))
  const { ask, store } = await serve({}, { languageModel: model.endpoint })
  const { id } = await store.addMemory({ content: 'Ada lives in Lisbon', user_id: 'ada' })
  const body = { memories: [id], feedback: 'That is fine', user_id: 'ada' }
  const first = await ask('POST', '/memory/consolidate', { body, headers: LATER })
  const { learning } = first.body
  expect([first.status, learning.status]).toEqual([202, 'pending'])
  expect([first.headers.location, first.headers['preference-applied']]).toEqual([
    `/learnings/${learning.id}`,
    'respond-async',
  ])
  expect((await settled(ask, `/learnings/${learning.id}`)).status).toBe('nothing')
  const wrong = await ask('POST', '/memory/consolidate', { body: { ...body, wait: false } })
  expect([wrong.status, wrong.body.field]).toEqual([400, 'wait'])
})

test('what is refused, or only looked at, is answered at once', async () => {
  const model = await fakeModel(LISBON, refuses(401, 'no such key'))
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const dry = await ask('POST', '/memory/learn', { body: { ...live, mode: 'dry' }, headers: LATER })
  expect([dry.status, dry.body.operations.length]).toEqual([200, 1])
  const wrong = await ask('POST', '/memory/learn', { body: { ...live, mode: 'soon' }, headers: LATER })
  expect([wrong.status, wrong.body.field]).toEqual([400, 'mode'])
  const { body } = await ask('POST', '/memory/learn', { body: { ...live, keepMessages: 'none' }, headers: LATER })
  const failed = await settled(ask, `/learnings/${body.id}`)
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'LANGUAGE_MODEL_FAILED', why: 'http' } })
  const unknown = await ask('GET', '/learnings/lrn_01h455vb4pex5vsknk084sn02q')
  expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND'])
  const { ask: without } = await serve()
  const refused = await without('POST', '/memory/learn', { body: live, headers: LATER })
  expect([refused.status, refused.body.code]).toEqual([400, 'NO_LANGUAGE_MODEL'])
})

test('what was answered is kept without secrets, and learnt from by the next server', async () => {
  const path = freshDirectory()
  const silent = await fakeModel(() => {})
  const first = await serve({}, { path, languageModel: silent.endpoint })
  const secret = 'sk-proj-Abcdefghijklmnopqrstuvwxyz0123456789ABCD'
  const text = `I live in Lisbon, my key is ${secret}`
  const { body } = await first.ask('POST', '/memory/learn', { body: { ...live, text }, headers: LATER })
  await first.server.close()
  await first.store.close()
  const model = await fakeModel(LISBON)
  const om = openEmbedded({ path, languageModel: model.endpoint })
  const server = await om.serve({ port: 0 })
  const read = async () => {
    const response = await fetch(`${server.url}/learnings/${body.id}`)
    return { body: await response.json() }
  }
  expect(await settled(read as unknown as Ask, '')).toMatchObject({ id: body.id, status: 'done' })
  expect(model.exchanges[0]?.asked.messages).toMatchObject([{ text: 'I live in Lisbon, my key is [redacted:key]' }])
})

test('a tenant spends its tokens of an hour, and what was answered first waits for more', async () => {
  const costs = (tokens: number) => (exchange: unknown, response: Parameters<typeof json>[0]) => {
    const asked = JSON.stringify(exchange)
    const found = asked.includes('live in Lisbon')
      ? [operation({ quote: 'live in Lisbon', text: 'Ada lives in Lisbon' })]
      : []
    const message = { role: 'assistant', content: JSON.stringify({ operations: found }) }
    const usage = { prompt_tokens: tokens, completion_tokens: 0 }
    json(response, 200, { choices: [{ index: 0, message, finish_reason: 'stop' }], usage })
  }
  // A hundred a second.
  const model = await fakeModel(costs(360_120), costs(1))
  const [ann, bob] = ['key-of-tenant-ann', 'key-of-tenant-bob']
  const { ask } = await serve(
    { apiKeys: [`ann=${ann}`, `bob=${bob}`], tokensPerHour: 360_000 },
    { languageModel: model.endpoint },
  )
  const say = (text: string, key: string, headers = {}) =>
    ask('POST', '/memory/learn', { body: { text, user_id: 'ada' }, key, headers })
  expect((await say('Hello there', ann)).status).toBe(200)
  const { status, body } = await say('I live in Lisbon', ann)
  expect([status, body.code, body.retryable, body.details.why]).toEqual([502, 'LANGUAGE_MODEL_FAILED', true, 'budget'])
  expect((await say('I live in Lisbon', bob)).status).toBe(200)
  const later = await say('I live in Lisbon', ann, LATER)
  expect((await ask('GET', `/learnings/${later.body.id}`, { key: ann })).body.status).toBe('pending')
  expect((await settled(ask, `/learnings/${later.body.id}`, ann)).status).toBe('done')
  expect(model.exchanges.length).toBe(3)
})

// Mem0's add against a server with a language model: facts are learnt, and the answer and the events say what has changed.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Learning } from '@openmemory/sdk'
import { fakeModel, numberOf, operation, operations, refuses } from '../helpers/fake-model'
import { type Ask, asker, serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

const ANSWERS = operations((asked) => {
  const known = numberOf(asked, 'Ada lives in Lisbon')
  const [{ text } = { text: '' }] = asked.messages
  if (text.includes('left Acme'))
    return [{ op: 'retire', memory: numberOf(asked, 'Ada works at Acme'), change: 'ended', quote: 'left Acme' }]
  if (known !== 999)
    return [{ op: 'update', memory: known, change: 'new_state', quote: 'moved to Porto', text: 'Ada lives in Porto' }]
  return [
    { quote: 'live in Lisbon', text: 'Ada lives in Lisbon' },
    { quote: 'work at Acme', text: 'Ada works at Acme' },
  ]
})

const KEY = 'key-of-tenant-ann'

/** An add whose answer waits for what comes of it. */
const say = (content: string, more: object = {}) => later(content, { async_mode: false, ...more })

/** An add with the default arguments of the clients. */
const later = (content: string, more: object = {}) => ({
  body: { messages: [{ role: 'user', content }], user_id: 'ada', ...more },
})

/** Asks for an event until its work is done. */
async function done(ask: Ask, id: string): Promise<{ status: string; results: { event: string }[] }> {
  for (;;) {
    const { body } = await ask('GET', `/v1/event/${id}/`)
    if (body.status !== 'PENDING') return body
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('an add that waits learns, and its event says what has changed', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const first = await ask('POST', '/v3/memories/add/', say('I live in Lisbon and work at Acme'))
  expect(first.body).toMatchObject({ status: 'SUCCEEDED', results: [{ event: 'ADD' }, { event: 'ADD' }] })
  const [{ id }] = first.body.results
  const second = await ask('POST', '/v3/memories/add/', say('I moved to Porto', { infer: true }))
  expect(second.body.results).toMatchObject([{ id, event: 'UPDATE', data: { memory: 'Ada lives in Porto' } }])
  const third = await ask('POST', '/v3/memories/add/', say('I left Acme'))
  expect(third.body.results).toMatchObject([{ event: 'DELETE', data: { memory: 'Ada works at Acme' } }])
  const event = await ask('GET', `/v1/event/${second.body.event_id}/`)
  expect(event.body).toMatchObject({ id: second.body.event_id, event_type: 'ADD', status: 'SUCCEEDED', error: null })
  expect(event.body.results).toEqual(second.body.results)
  const events = await ask('GET', '/v1/events/?page_size=2')
  expect([events.body.count, events.body.results.length]).toEqual([3, 2])
  const unknown = await ask('GET', '/v1/event/018f4b1e-0000-7000-8000-000000000000/')
  expect([unknown.status, typeof unknown.body.error]).toEqual([404, 'string'])
  const found = await ask('POST', '/v3/memories/search/', { body: { query: 'Porto', filters: { user_id: 'ada' } } })
  expect(found.body.results.map(({ memory }: { memory: string }) => memory)).toContain('Ada lives in Porto')
})

test('an add with default arguments is answered before its work, and adds are worked off in their order', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const first = await ask('POST', '/v3/memories/add/', later('I live in Lisbon and work at Acme'))
  const second = await ask('POST', '/v3/memories/add/', later('I moved to Porto'))
  expect(first.body).toEqual({ message: expect.any(String), status: 'PENDING', event_id: expect.any(String) })
  expect(await done(ask, first.body.event_id)).toMatchObject({ status: 'SUCCEEDED', payload: null })
  const { results } = await done(ask, second.body.event_id)
  expect(results).toMatchObject([{ event: 'UPDATE', data: { memory: 'Ada lives in Porto' } }])
  const one = await ask('GET', '/v1/events/?page=2&page_size=1')
  expect(one.body).toMatchObject({ count: 2, next: null, previous: '/v1/events/?page=1&page_size=1' })
  expect(one.body.results[0].id).toBe(first.body.event_id)
})

test('an answered add is worked off by the next process, and refers to the time when it was told', async () => {
  let asked = () => {}
  const reached = new Promise<void>((resolve) => {
    asked = resolve
  })
  const complete = () => {
    asked()
    return new Promise<string>(() => {})
  }
  const stuck = { id: 'stuck', complete }
  const path = freshDirectory()
  const before = await serve({}, { path, languageModel: stuck })
  const said = 'I live in Lisbon, card 4111 1111 1111 1111'
  const answered = await before.ask('POST', '/v3/memories/add/', later(said))
  const told = Date.now()
  await reached
  await before.server.close()
  await before.store.close()
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const kept = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join()
  expect([kept.includes('I live in Lisbon'), kept.includes('4111 1111')]).toEqual([true, false])
  const model = await fakeModel(ANSWERS)
  const om = openEmbedded({ path, languageModel: model.endpoint })
  const server = await om.serve({ port: 0 })
  const event = await done(asker(server.port), answered.body.event_id)
  expect([event.status, event.results.length]).toEqual(['SUCCEEDED', 1])
  const [message] = model.exchanges[0]?.asked.messages ?? []
  expect(message?.text).toBe('I live in Lisbon, card [redacted:card]')
  expect(Date.parse(message?.at ?? '')).toBeLessThanOrEqual(told)
  expect(model.exchanges.length).toBe(1)
})

test('an answered add goes with its user', async () => {
  const stuck = { id: 'stuck', complete: () => new Promise<string>(() => {}) }
  const { ask } = await serve({}, { languageModel: stuck })
  const { body } = await ask('POST', '/v3/memories/add/', later('I live in Lisbon'))
  expect((await ask('DELETE', '/v1/memories/?user_id=ada')).status).toBe(200)
  expect((await ask('GET', `/v1/event/${body.event_id}/`)).status).toBe(404)
})

test('the instructions of the project steer adds that have none', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const project = '/api/v1/orgs/organizations/openmemory/projects/default/'
  expect((await ask('GET', project)).body.custom_instructions).toBeNull()
  const changed = await ask('PATCH', project, { body: { custom_instructions: 'homes only', org_id: 'openmemory' } })
  expect([changed.status, typeof changed.body.message]).toEqual([200, 'string'])
  expect((await ask('GET', project)).body.custom_instructions).toBe('homes only')
  await ask('POST', '/v3/memories/add/', say('I live in Lisbon'))
  await ask('POST', '/v3/memories/add/', say('I moved to Porto', { custom_instructions: 'jobs only' }))
  expect(model.exchanges.map(({ asked }) => asked.instructions)).toEqual(['homes only', 'jobs only'])
  for (const body of [
    { custom_instructions: 7 },
    { custom_instructions: 'x'.repeat(4001) },
    { decay: false },
    { x: 1 },
  ])
    expect((await ask('PATCH', project, { body })).status).toBe(400)
  const without = await serve()
  expect((await without.ask('PATCH', project, { body: { custom_instructions: 'x' } })).status).toBe(400)
})

test('the older path answers inline, and infer=false stores verbatim', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const old = await ask('POST', '/v1/memories/', say('I live in Lisbon and work at Acme'))
  expect(old.body.map(({ event }: { event: string }) => event)).toEqual(['ADD', 'ADD'])
  const verbatim = await ask('POST', '/v3/memories/add/', say('I moved to Porto', { infer: false }))
  expect(verbatim.body.results).toMatchObject([{ event: 'ADD', data: { memory: 'I moved to Porto' } }])
  expect(model.exchanges.length).toBe(1)
})

test('instructions, times and metadata reach the model and the memories', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask, store } = await serve({}, { languageModel: model.endpoint })
  const more = {
    ...{ custom_instructions: 'homes only', includes: 'cities', excludes: 'health', timestamp: 1_772_532_000 },
    ...{ metadata: { source: 'chat' }, timezone: 'Europe/Lisbon' },
  }
  const { body } = await ask('POST', '/v3/memories/add/', say('I live in Lisbon and work at Acme', more))
  const [exchange] = model.exchanges
  expect(exchange?.asked).toMatchObject({ instructions: 'homes only\nInclude: cities\nExclude: health' })
  expect(exchange?.asked.messages[0]?.at).toBe('2026-03-03T10:00:00.000Z')
  expect(await store.getMemory(body.results[0].id)).toMatchObject({
    ...{ metadata: { source: 'chat' }, created_at: '2026-03-03T10:00:00.000Z' },
  })
  const refused = await ask('POST', '/v3/memories/add/', say('x', { structured_data_schema: { a: 1 } }))
  expect(refused.status).toBe(400)
})

test('only the agent is remembered where only an agent is named', async () => {
  const model = await fakeModel(
    operations(() => [{ message: 2, quote: 'I booked the room', text: 'The agent booked the room' }]),
  )
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const messages = [
    { role: 'user', content: 'Which one?' },
    { role: 'assistant', content: 'I booked the room' },
  ]
  const body = {
    messages,
    agent_id: 'waiter',
    agent_custom_instructions: 'deeds',
    custom_instructions: 'facts',
    async_mode: false,
  }
  const added = await ask('POST', '/v3/memories/add/', { body })
  expect(added.body.results).toMatchObject([{ event: 'ADD' }])
  expect(model.exchanges[0]?.asked.instructions).toBe('deeds')
})

test('a model that fails is 502, says nothing of its server, and is a failed event', async () => {
  const model = await fakeModel(refuses(401, 'the secret of the upstream'))
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const failed = await ask('POST', '/v3/memories/add/', say('I live in Lisbon'))
  expect(failed.status).toBe(502)
  expect(failed.text).not.toContain('secret')
  const events = await ask('GET', '/v1/events/')
  expect(events.body.results).toMatchObject([{ status: 'FAILED', error: 'http', results: [] }])
})

test('a model chooses categories from the list of the project, or from that of the add', async () => {
  const model = await fakeModel(
    operations(({ messages: [said] }) => [
      { quote: said?.text, text: said?.text, categories: ['HOME', 'invented', 'home', 'jobs'] },
    ]),
  )
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const project = '/api/v1/orgs/organizations/openmemory/projects/default/'
  const settings = [{ home: 'where somebody lives' }, { pets: 'animals' }]
  expect((await ask('PATCH', project, { body: { custom_categories: settings } })).status).toBe(200)
  expect((await ask('GET', project)).body.custom_categories).toEqual(settings)
  const categoriesOf = async (content: string, more: object = {}) => {
    const { body } = await ask('POST', '/v3/memories/add/', say(content, more))
    return (await ask('GET', `/v1/memories/${body.results[0].id}/`)).body.categories
  }
  expect(await categoriesOf('I live in Lisbon')).toEqual(['home'])
  const [first] = model.exchanges
  expect(first?.asked).toMatchObject({
    categories: [
      { name: 'home', about: 'where somebody lives' },
      { name: 'pets', about: 'animals' },
    ],
  })
  const schema = JSON.stringify(first?.body.response_format)
  expect(schema).toContain('"enum":["home","pets"]')
  expect(await categoriesOf('I work at Acme', { custom_categories: [{ jobs: 'work' }] })).toEqual(['jobs'])
  expect((await ask('PATCH', project, { body: { custom_categories: null } })).status).toBe(200)
  expect(await categoriesOf('I have a cat')).toBeNull()
  expect(model.exchanges[2]?.asked).not.toHaveProperty('categories')
  for (const wrong of ['home', [7], [''], { home: 'x' }]) {
    expect((await ask('PATCH', project, { body: { custom_categories: wrong } })).status).toBe(400)
    expect((await ask('POST', '/v3/memories/add/', say('x', { custom_categories: wrong }))).status).toBe(400)
  }
})

test('the history of a memory has the messages that each version rests on', async () => {
  const model = await fakeModel(ANSWERS)
  const { ask } = await serve({}, { languageModel: model.endpoint })
  const { body } = await ask('POST', '/v3/memories/add/', say('I live in Lisbon and work at Acme'))
  await ask('POST', '/v3/memories/add/', say('I moved to Porto'))
  const [{ id }, { id: work }] = body.results
  await ask('PUT', `/v1/memories/${id}/`, { body: { text: 'Ada lives in Faro' } })
  const entries = (await ask('GET', `/v1/memories/${id}/history/`)).body
  expect(entries.map(({ input, event }: { input: unknown; event: string }) => [event, input])).toEqual([
    ['ADD', [{ role: 'user', content: 'I live in Lisbon and work at Acme' }]],
    ['UPDATE', [{ role: 'user', content: 'I moved to Porto' }]],
    ['UPDATE', [{ role: 'user', content: 'Ada lives in Faro' }]],
  ])
  await ask('POST', '/v3/memories/add/', say('I left Acme'))
  const ended = (await ask('GET', `/v1/memories/${work}/history/`)).body
  expect(ended.map(({ event }: { event: string }) => event)).toEqual(['ADD', 'DELETE'])
})

test('what a model is asked for a user who is deleted meanwhile is not learnt', async () => {
  let answer = (_: string) => {}
  let asked = () => {}
  const reached = new Promise<void>((resolve) => {
    asked = resolve
  })
  const complete = () => {
    asked()
    return new Promise<string>((resolve) => {
      answer = resolve
    })
  }
  const { ask, store } = await serve({}, { languageModel: { id: 'slow', complete } })
  const { body } = await ask('POST', '/v3/memories/add/', later('I live in Lisbon'))
  await reached
  await ask('DELETE', '/v1/memories/?user_id=ada')
  const add = operation({ quote: 'live in Lisbon', text: 'Ada lives in Lisbon' })
  answer(JSON.stringify({ operations: [add] }))
  // Adds of the same user run one after another, so this one is behind it.
  const next = await ask('POST', '/v3/memories/add/', later('I work at Acme'))
  const second = new Promise<void>((resolve) => {
    asked = resolve
  })
  await second
  answer(JSON.stringify({ operations: [] }))
  await done(ask, next.body.event_id)
  expect((await ask('GET', `/v1/event/${body.event_id}/`)).status).toBe(404)
  expect((await store.listMemories({ filters: { user_id: 'ada' } })).memories).toEqual([])
  const { messages } = await store.listMessages({ user_id: 'ada' })
  expect(messages.map(({ content }) => content)).toEqual(['I work at Acme'])
  expect((await store.listLearnings({ user_id: 'ada' })).learnings.length).toBe(1)
})

test('with keys, what an earlier process has left is worked off without a request', async () => {
  const stuck = { id: 'stuck', complete: () => new Promise<string>(() => {}) }
  const path = freshDirectory()
  const apiKeys = ['ann=key-of-tenant-ann']
  const key = 'key-of-tenant-ann'
  const before = await serve({ apiKeys }, { path, languageModel: stuck })
  const { body } = await before.ask('POST', '/v3/memories/add/', { ...later('I live in Lisbon'), key })
  await before.server.close()
  await before.store.close()
  const model = await fakeModel(ANSWERS)
  const om = openEmbedded({ path, languageModel: model.endpoint })
  const server = await om.serve({ port: 0, apiKeys })
  while (model.exchanges.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  const ask: Ask = (method, at, asking) => asker(server.port)(method, at, { ...asking, key })
  expect(await done(ask, body.event_id)).toMatchObject({ status: 'SUCCEEDED' })
})

test('the reason of a bad feedback is told to the model after the answer, and what it would change waits', async () => {
  const model = await fakeModel(
    operations((asked) => {
      const memory = numberOf(asked, 'Ada lives in Lisbon')
      const message = asked.messages.findIndex(({ text }) => text.includes('lives in Porto')) + 1
      if (message === 0) return [{ quote: 'live in Lisbon', text: 'Ada lives in Lisbon' }]
      const text = 'Ada lives in Porto'
      return [{ op: 'update', memory, message, quote: 'lives in Porto', change: 'correction', text }]
    }),
  )
  const { ask } = await serve({ apiKeys: [`ann=${KEY}`] }, { languageModel: model.endpoint })
  const rate = (feedback: string | null, feedback_reason?: string) =>
    ask('POST', '/v1/feedback/', { key: KEY, body: { memory_id: id, feedback, feedback_reason } })
  const learnt = await ask('POST', '/v3/memories/add/', { key: KEY, ...say('I live in Lisbon') })
  const [{ id }] = learnt.body.results
  // Nothing is sent about a good rating, or without a reason.
  await rate('POSITIVE', 'She lives in Porto')
  await rate('NEGATIVE')
  await rate(null)
  const { status, body } = await rate('VERY_NEGATIVE', 'She lives in Porto')
  expect([status, body]).toMatchObject([200, { feedback: 'VERY_NEGATIVE', feedback_reason: 'She lives in Porto' }])
  const list = async (): Promise<Learning[]> =>
    (await ask('GET', '/learnings?status=waiting', { key: KEY })).body.learnings
  const waiting = await until(list)
  expect(waiting).toMatchObject([{ operations: [{ before: 'Ada lives in Lisbon', state: 'waiting' }] }])
  expect(model.exchanges.length).toBe(2)
  const decided = await ask('POST', `/learnings/${waiting[0]?.id}/decide`, { key: KEY, body: { all: 'apply' } })
  expect(decided.body.operations).toMatchObject([{ state: 'applied' }])
  const corrected = await ask('GET', `/v1/memories/${id}/`, { key: KEY })
  expect(corrected.body.memory).toBe('Ada lives in Porto')
})

/** Asks until there is something. */
async function until<T>(list: () => Promise<T[]>): Promise<T[]> {
  for (;;) {
    const found = await list()
    if (found.length > 0) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// Mem0's add against a server with a language model: facts are learnt, and the answer and the events say what has changed.

import { expect, test } from '@jest/globals'
import { fakeModel, numberOf, operations, refuses } from '../helpers/fake-model'
import { serve } from '../helpers/server'

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

const say = (content: string, more: object = {}) => ({
  body: { messages: [{ role: 'user', content }], user_id: 'ada', ...more },
})

test('an add with default arguments learns, and its event says what has changed', async () => {
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
  const body = { messages, agent_id: 'waiter', agent_custom_instructions: 'deeds', custom_instructions: 'facts' }
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

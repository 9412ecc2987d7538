// What Mem0's routes do with requests that its clients do not send as they are documented.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

const USER = { user_id: 'ada' }

test('a field that is not known is refused by name, and nothing is stored or changed', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'Ada drinks tea', ...USER })
  const messages = [{ role: 'user', content: 'Ada likes jazz' }]
  const refused = [
    ['POST', '/v3/memories/add/', { messages, ...USER, metdata: { a: 1 } }, 'metdata'],
    ['POST', '/v3/memories/add/', { messages, filters: { ...USER, colour: 'red' } }, 'filters.colour'],
    ['PUT', `/v1/memories/${id}/`, { text: 'x', tags: ['a'] }, 'tags'],
    ['PUT', '/v1/batch/', { memories: [{ memory_id: id, text: 'x', txt: 'y' }] }, 'memories[0].txt'],
    ['DELETE', '/v1/batch/', { memories: [{ memory_id: id, user: 'ada' }] }, 'memories[0].user'],
    ['POST', '/v3/memories/search/', { query: 'tea', filters: USER, topk: 3 }, 'topk'],
    ['POST', '/v3/memories/', { filters: USER, order: 'asc' }, 'order'],
    ['POST', '/v1/feedback/', { memory_id: id, feedback: 'POSITIVE', why: 'x' }, 'why'],
    ['GET', '/v1/memories/?user_id=ada&colour=red', undefined, 'colour'],
  ] as const
  for (const [method, path, body, field] of refused) {
    const answer = await ask(method, path, { body })
    expect([path, answer.status, answer.body.field]).toEqual([path, 400, field])
  }
  expect(await store.getMemory(id)).toMatchObject({ content: 'Ada drinks tea', version: 1 })
  expect((await store.listMemories()).memories).toHaveLength(1)
})

test('what steers the hosted service alone is passed over', async () => {
  const { ask } = await serve()
  const hosted = { org_id: 'o', project_id: 'p', version: 'v2', output_format: 'v1.1', async_mode: false, rerank: true }
  const messages = [{ role: 'user', content: 'Ada likes jazz' }]
  expect((await ask('POST', '/v3/memories/add/', { body: { messages, ...USER, ...hosted } })).status).toBe(200)
  const found = await ask('POST', '/v3/memories/search/', { body: { query: 'jazz', filters: USER, ...hosted } })
  expect(found.body.results).toHaveLength(1)
})

test('a reference date is what last month refers to, and latest_only: false shows what has ended', async () => {
  const { ask, store } = await serve()
  const [, , job] = await store.addMemories([
    { content: 'Ada went to Rome', valid_from: '2025-05', ...USER },
    { content: 'Ada went to Oslo', valid_from: '2025-01', ...USER },
    { content: 'Ada works at Acme', ...USER },
  ])
  await store.retireMemory(job?.ok ? job.memory.id : '')
  const search = (body: object) => ask('POST', '/v3/memories/search/', { body: { filters: USER, ...body } })
  const query = 'Where did Ada go last month?'
  const first = async (reference_date: string) => (await search({ query, reference_date })).body.results[0].memory
  expect(await first('2025-06-10')).toBe('Ada went to Rome')
  expect(await first('2025-02-10T10:00:00Z')).toBe('Ada went to Oslo')
  expect((await search({ query, reference_date: 'today' })).body).toMatchObject({ field: 'reference_date' })
  const count = async (latest_only?: boolean) => [
    (await search({ query: 'Ada', latest_only })).body.results.length,
    (await ask('POST', '/v3/memories/', { body: { filters: USER, latest_only } })).body.count,
  ]
  expect([await count(), await count(true), await count(false)]).toEqual([
    [2, 2],
    [2, 2],
    [3, 3],
  ])
})

test('a memory says whether it is true, and which one says the same since', async () => {
  const { ask, store } = await serve()
  const texts = [
    'Ada has a cat',
    'Ada owns a cat',
    'Ada works at Acme',
    'Ada never was',
    'Ada studied',
    'Ada drinks tea',
  ]
  const added = await store.addMemories(
    texts.map((content) => ({ content, ...USER, ...(content === 'Ada studied' && { valid_to: '2020' }) })),
  )
  const ids = added.map((item) => (item.ok ? item.memory.id : ''))
  const [cat = '', owns = '', acme = '', never = '', studied = '', tea = ''] = ids
  await store.applyOperations([{ merge: { id: cat, from: [{ id: owns }] } }])
  await store.retireMemory(acme)
  await store.retireMemory(never, { why: 'wrong', reason: 'not merged into anything' })
  const uuid = async (id: string) => (await ask('GET', `/v1/memories/${id}/`)).body.id
  const expected = new Map([
    ['Ada has a cat', ['active', null]],
    ['Ada owns a cat', ['merged', await uuid(cat)]],
    ['Ada works at Acme', ['superseded', null]],
    ['Ada never was', ['superseded', null]],
    ['Ada studied', ['superseded', null]],
    ['Ada drinks tea', ['active', null]],
  ])
  const filters = USER
  const search = { query: 'Ada', filters, latest_only: false, limit: 10 }
  const answers = [
    await ask('POST', '/v3/memories/', { body: { filters, latest_only: false } }),
    await ask('POST', '/v2/memories/', { body: { filters, latest_only: false } }),
    ...(await Promise.all(
      ['/v3/memories/search/', '/v2/memories/search/', '/v1/memories/search/', '/search'].map((path) =>
        ask('POST', path, { body: search }),
      ),
    )),
  ]
  type Shown = { memory: string; lifecycle_state: string; replaced_by: string | null }
  const stateOf = (shown: Shown) => [shown.memory, [shown.lifecycle_state, shown.replaced_by]] as const
  for (const { body } of answers) expect(new Map((body.results ?? body).map(stateOf))).toEqual(expected)
  for (const path of ['/v1/memories?user_id=ada', '/memories?user_id=ada']) {
    const { body } = await ask('GET', path)
    expect((body.results ?? body).map(stateOf).sort()).toEqual([
      ['Ada drinks tea', ['active', null]],
      ['Ada has a cat', ['active', null]],
    ])
  }
  for (const id of ids) {
    for (const path of [`/v1/memories/${id}/`, `/memories/${id}`]) {
      const { body } = await ask('GET', path)
      expect([body.lifecycle_state, body.replaced_by]).toEqual(expected.get(body.memory))
    }
  }
  const changed = await ask('PUT', `/v1/memories/${tea}/`, { body: { text: 'Ada drinks milk' } })
  expect(changed.body).toMatchObject({ lifecycle_state: 'active', replaced_by: null })
  await store.restoreMemory(owns, 1)
  expect((await ask('GET', `/v1/memories/${owns}/`)).body).toMatchObject({
    lifecycle_state: 'active',
    replaced_by: null,
  })
  expect((await ask('GET', `/v1/memories/${studied}/`)).body.lifecycle_state).toBe('superseded')
})

test('a limit bounds a list, with pages and without', async () => {
  const { ask, store } = await serve()
  await store.addMemories(['one', 'two', 'three'].map((content) => ({ content, ...USER })))
  expect((await ask('POST', '/v3/memories/', { body: { filters: USER, limit: 1 } })).body).toMatchObject({
    count: 3,
    results: [{ memory: 'three' }],
  })
  expect((await ask('GET', '/v1/memories/?user_id=ada&limit=2')).body).toHaveLength(2)
})

test('an overlong query is truncated to its end, as the response says', async () => {
  const { ask, store } = await serve()
  await store.addMemories([
    { content: 'The harbour is in Lisbon', ...USER },
    { content: 'Tea is at four', ...USER },
  ])
  const query = `${'Tea is at four. '.repeat(600)}${'Where is the harbour? '.repeat(400)}`
  const found = await ask('POST', '/v3/memories/search/', { body: { query, filters: USER } })
  expect(found.body).toMatchObject({ query_cut: 8192, results: [{ memory: 'The harbour is in Lisbon' }, {}] })
  const bare = await ask('POST', '/v2/memories/search/', { body: { query, filters: USER } })
  expect(bare.body[0].memory).toBe('The harbour is in Lisbon')
  expect(bare.headers['openmemory-query-cut']).toBe('8192')
  const short = await ask('POST', '/v3/memories/search/', { body: { query: 'harbour', filters: USER } })
  expect(short.body).not.toHaveProperty('query_cut')
})

test('an id is returned as the caller wrote it', async () => {
  const { ask } = await serve()
  const uuid = '0197f3f0-0000-7000-8000-00000000ABCD'
  const { status, body } = await ask('GET', `/v1/memories/${uuid}/`)
  expect(status).toBe(404)
  expect(body.detail).toContain(uuid)
  expect(body.details.id).toBe(uuid)
})

test('the event of an add without a language model has what was stored, and an unknown one is named as it was asked for', async () => {
  const { ask, store } = await serve()
  const messages = [{ role: 'user', content: 'Ada drinks tea' }]
  const { body } = await ask('POST', '/v3/memories/add/', { body: { messages, ...USER } })
  const event = await ask('GET', `/v1/event/${body.event_id}/`)
  expect(event).toMatchObject({
    status: 200,
    body: { id: body.event_id, status: 'SUCCEEDED', latency: 0, error: null },
  })
  expect(event.body.results).toEqual(body.results)
  await ask('PUT', `/v1/memories/${body.results[0].id}/`, { body: { text: 'Ada drinks coffee' } })
  expect((await ask('GET', `/v1/event/${body.event_id}/`)).body.results).toEqual(body.results)
  for (const { id } of (await store.listMemories()).memories) await store.deleteMemory(id)
  for (const id of [body.event_id, '0197F3F0-0000-7000-8000-00000000abcd', 'nonsense']) {
    const unknown = await ask('GET', `/v1/event/${id}/`)
    expect([unknown.status, unknown.body.details]).toEqual([404, { id }])
    expect(unknown.body.detail).toContain(`there is no event ${id}`)
  }
})

test("the routes of Mem0's own server add, find, change, list and delete", async () => {
  const { ask, store } = await serve()
  const messages = [{ role: 'user', content: 'Ada drinks tea' }]
  const added = await ask('POST', '/memories', { body: { messages, ...USER, metadata: { source: 'chat' } } })
  expect(added).toMatchObject({ status: 200, body: { results: [{ memory: 'Ada drinks tea', event: 'ADD' }] } })
  const [{ id }] = added.body.results
  const found = await ask('POST', '/search', { body: { query: 'tea', ...USER } })
  expect(found.body.results).toMatchObject([{ id, memory: 'Ada drinks tea', metadata: { source: 'chat' } }])
  expect((await ask('PUT', `/memories/${id}`, { body: { text: 'Ada drinks coffee' } })).body).toMatchObject({
    ...{ id, memory: 'Ada drinks coffee' },
  })
  expect((await ask('GET', `/memories/${id}`)).body).toMatchObject({ id, memory: 'Ada drinks coffee' })
  expect((await ask('GET', `/memories/${id}/history`)).body).toHaveLength(2)
  expect((await ask('GET', '/memories?user_id=ada')).body.results).toMatchObject([{ id }])
  expect((await ask('DELETE', `/memories/${id}`)).status).toBe(200)
  await store.addMemories([
    { content: 'x', ...USER },
    { content: 'y', user_id: 'bob' },
  ])
  expect((await ask('DELETE', '/memories?user_id=ada')).status).toBe(200)
  expect((await store.listMemories()).memories).toMatchObject([{ user_id: 'bob' }])
  expect((await ask('POST', '/reset')).body).toEqual({ message: 'All memories reset' })
  expect((await store.listMemories()).memories).toEqual([])
})

test("the routes of Mem0's own server refuse what names nobody, and other models", async () => {
  const { ask, store } = await serve()
  await store.addMemory({ content: 'Ada drinks tea', ...USER })
  const refused = [
    ['GET', '/memories', undefined],
    ['DELETE', '/memories', undefined],
    ['POST', '/search', { query: 'tea' }],
    ['POST', '/memories', { messages: [{ role: 'user', content: 'x' }] }],
    ['POST', '/configure', { llm: {} }],
  ] as const
  for (const [method, path, body] of refused) {
    const answer = await ask(method, path, { body })
    expect([path, answer.status, typeof answer.body.detail]).toEqual([path, 400, 'string'])
  }
  expect((await store.listMemories()).memories).toHaveLength(1)
})

test('what is not text is left out, also as one part without a list', async () => {
  const { ask } = await serve()
  const image = { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }
  const user = (content: unknown) => ({ role: 'user', content })
  const add = (...messages: unknown[]) => ask('POST', '/v3/memories/add/', { body: { messages, ...USER } })
  const { body } = await add(user('Ada has a cat'), user(image), user([{ type: 'text', text: 'It is black' }, image]))
  expect(body.results.map(({ memory }: { memory: string }) => memory)).toEqual(['Ada has a cat', 'It is black'])
  expect(body.left_out).toEqual(['messages[1].content', 'messages[2].content[1]'])
  // A bare list cannot say so.
  for (const path of ['/v1/memories/', '/memories']) {
    const more = [user(`Ada is at ${path}`), user(image)]
    const { body, headers } = await ask('POST', path, { body: { messages: more, ...USER } })
    expect([path, headers['openmemory-left-out']]).toEqual([path, 'messages[1].content'])
    if (!Array.isArray(body)) expect(body.left_out).toEqual(['messages[1].content'])
  }
  const many = Array.from({ length: 30 }, () => user(image))
  const { headers } = await add(user('Ada has many cats'), ...many)
  expect(headers['openmemory-left-out']).toMatch(/^messages\[1\]\.content, .*, and 10 more$/)
  const part = await add(user({ type: 'text', text: 'Ada likes jazz' }))
  expect(part.body.results[0].memory).toBe('Ada likes jazz')
  const silent = [null, undefined, '', ' ', []].map((content) => ({ role: 'assistant', content, tool_calls: [] }))
  const called = await add(user('Ada likes tea'), ...silent)
  const fields = silent.map((_, at) => `messages[${at + 1}].content`)
  expect(called.body).toMatchObject({ status: 'SUCCEEDED', results: [{ memory: 'Ada likes tea' }], left_out: fields })
  expect((await add(user(' '))).body).toMatchObject({ field: 'messages' })
  expect((await add(user(image))).body).toMatchObject({ field: 'messages', code: 'INVALID_ARGUMENT' })
  expect((await add(user(5))).body).toMatchObject({ field: 'messages[0].content' })
})

test('a conversation that is sent anew at each turn is stored once, unless it is to be stored as it is', async () => {
  const { ask, store } = await serve()
  const messages = [
    { role: 'user', content: 'Ada likes jazz' },
    { role: 'assistant', content: 'Noted' },
  ]
  const add = (body: object) => ask('POST', '/v3/memories/add/', { body: { ...USER, ...body } })
  const first = (await add({ messages })).body.results
  const turns = [...messages, { role: 'user', content: 'Ada has a cat' }, messages[1]]
  const { results } = (await add({ messages: turns })).body
  expect(results.map(({ event }: { event: string }) => event)).toEqual(['NOOP', 'NOOP', 'ADD', 'NOOP'])
  expect(results[0].id).toBe(first[0].id)
  expect((await store.listMemories()).memories.map(({ version }) => version)).toEqual([1, 1, 1])
  expect((await add({ messages, user_id: 'bob' })).body.results[0].event).toBe('ADD')
  expect((await ask('POST', '/v1/memories/', { body: { messages, ...USER } })).body[0].event).toBe('NOOP')
  expect((await add({ messages, infer: false })).body.results[0].event).toBe('ADD')
})

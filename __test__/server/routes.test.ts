// The other routes of OpenMemory, as its users know them.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

test('POST /memory/add answers the memory, and takes what its clients always send', async () => {
  const { ask } = await serve()
  const { status, body, headers } = await ask('POST', '/memory/add', {
    body: {
      content: 'I fixed the bug yesterday',
      tags: ['work'],
      metadata: { a: 1 },
      user_id: 'ada',
      salience: 0.5,
      decay_lambda: 0.02,
    },
  })
  expect(status).toBe(200)
  expect(headers.etag).toBe('"1"')
  expect(body).toMatchObject({
    content: 'I fixed the bug yesterday',
    tags: ['work'],
    metadata: { a: 1 },
    user_id: 'ada',
    version: 1,
  })
  for (const field of ['id', 'primary_sector', 'sectors', 'salience', 'created_at']) expect(body).toHaveProperty(field)
  expect((await ask('POST', '/memory/add', { body: { content: 'x', salience: 'high' } })).body.field).toBe('salience')
})

test('metadata.sector pins the sector, and stays pinned when the memory changes', async () => {
  const { ask } = await serve()
  const { body } = await ask('POST', '/memory/add', {
    body: { content: 'The sky is blue', metadata: { sector: 'emotional' } },
  })
  expect(body).toMatchObject({ primary_sector: 'emotional', sectors: ['emotional'] })
  const updated = await ask('PATCH', `/memory/${body.id}`, { body: { content: 'The sky is grey' } })
  expect(updated.body).toMatchObject({ primary_sector: 'emotional', sectors: ['emotional'] })
})

test('GET /memory/:id answers the memory, an earlier version, and only the user asked about', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'a/b c', content: 'one', user_id: 'ada' })
  await store.updateMemory('a/b c', { content: 'two' })
  const path = '/memory/a%2Fb%20c'
  const { body } = await ask('GET', path)
  expect(body).toMatchObject({ id: 'a/b c', content: 'two', version: 2, user_id: 'ada' })
  expect(body).toMatchObject({ last_seen_at: expect.any(String), decay_lambda: expect.any(Number) })
  expect((await ask('GET', `${path}?version=1`)).body).toMatchObject({ content: 'one', version: 1 })
  expect((await ask('GET', `${path}?user_id=ada`)).status).toBe(200)
  expect((await ask('GET', `${path}?user_id=bob`)).body.err).toBe('nf')
  expect((await ask('DELETE', `${path}?user_id=bob`)).body.err).toBe('nf')
  expect((await ask('GET', `${path}?colour=red`)).body.field).toBe('colour')
  expect((await ask('GET', `${path}?version=x`)).body.field).toBe('version')
  expect((await ask('GET', '/memory/%ff')).status).toBe(400)
})

test('DELETE /memory/:id returns ok, and the id is reported as deleted afterwards', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'x' })
  expect((await ask('DELETE', `/memory/${id}`)).body).toMatchObject({ ok: true })
  const again = await ask('GET', `/memory/${id}`)
  expect(again.body).toMatchObject({ err: 'nf', details: { deleted: true, version: 1 } })
})

test('GET /memory/all pages by offset and by cursor, by sector and by user', async () => {
  const { ask, store } = await serve()
  const items = Array.from({ length: 30 }, (_, n) => ({
    ...{
      id: `m${n}`,
      content: `note ${n}`,
      user_id: n % 2 ? 'odd' : 'even',
      metadata: { sector: n < 3 ? 'emotional' : 'semantic' },
    },
    created_at: new Date(Date.UTC(2024, 0, 1 + n)),
  }))
  await store.addMemories(items)
  const ids = async (query: string) => {
    const { body } = await ask('GET', `/memory/all${query}`)
    return (body.items as { id: string }[]).map(({ id }) => id)
  }
  const newest = items.map(({ id }) => id).reverse()
  expect(await ids('')).toEqual(newest)
  expect(await ids('?l=5&u=3')).toEqual(newest.slice(3, 8))
  expect(await ids('?l=5&u=28')).toEqual(newest.slice(28))
  expect(await ids('?u=99')).toEqual([])
  expect(await ids('?sector=emotional')).toEqual(['m2', 'm1', 'm0'])
  expect(await ids('?user_id=odd&l=2')).toEqual(['m29', 'm27'])
  const first = await ask('GET', '/memory/all?limit=20')
  expect(await ids(`?limit=20&cursor=${first.body.next_cursor}`)).toEqual(newest.slice(20))
  for (const [query, field] of [
    ['l=0', 'l'],
    ['l=10001', 'l'],
    ['l=x', 'l'],
    ['u=-1', 'u'],
    ['sector=sad', 'sectors'],
    ['cursor=x', 'cursor'],
  ]) {
    const { status, body } = await ask('GET', `/memory/all?${query}`)
    expect([query, status, body.field.startsWith(field) || body.field.includes(field)]).toEqual([query, 400, true])
  }
})

test('POST /memory/query takes OpenMemory’s filters and the filter language', async () => {
  const { ask, store } = await serve()
  await store.addMemory({
    id: 'a',
    content: 'green tea',
    tags: ['drink'],
    user_id: 'ada',
    metadata: { sector: 'semantic' },
    created_at: '2024-01-01',
  })
  await store.addMemory({
    id: 'b',
    content: 'green paint',
    tags: ['wall'],
    user_id: 'bob',
    metadata: { sector: 'procedural' },
    created_at: '2024-06-01',
  })
  const found = async (body: object) => {
    const reply = await ask('POST', '/memory/query', { body: { query: 'green', ...body } })
    expect(reply.body.query).toBe('green')
    return (reply.body.matches as { id: string }[]).map(({ id }) => id).sort()
  }
  expect(await found({})).toEqual(['a', 'b'])
  expect(await found({ k: 1 })).toHaveLength(1)
  expect(await found({ user_id: 'ada' })).toEqual(['a'])
  expect(await found({ filters: { user_id: 'bob' } })).toEqual(['b'])
  expect(await found({ filters: { tags: ['wall', 'roof'] } })).toEqual(['b'])
  expect(await found({ filters: { sector: 'procedural' } })).toEqual(['b'])
  expect(await found({ filters: { startTime: Date.UTC(2024, 3) } })).toEqual(['b'])
  expect(await found({ endTime: Date.UTC(2024, 3) })).toEqual(['a'])
  expect(await found({ filters: { min_score: 1 } })).toEqual([])
  expect(await found({ filters: { NOT: { 'metadata.sector': 'semantic' } } })).toEqual(['b'])
  const { body } = await ask('POST', '/memory/query', { body: { query: 'green tea', k: 1 } })
  for (const field of [
    'id',
    'content',
    'score',
    'sectors',
    'primary_sector',
    'path',
    'salience',
    'last_seen_at',
    'tags',
    'metadata',
    'version',
  ]) {
    expect(body.matches[0]).toHaveProperty(field)
  }
  const refused = await ask('POST', '/memory/query', { body: { query: 'x', filters: { colour: 1 }, user_id: 'ada' } })
  expect(refused.body).toMatchObject({ err: 'invalid', field: 'filters.colour' })
})

test('searches take limit, and k, its name in OpenMemory', async () => {
  const { ask, store } = await serve()
  await store.addMemories([{ content: 'green tea' }, { content: 'black tea' }, { content: 'white tea' }])
  for (const path of ['/memory/query', '/memory/search']) {
    const searched = (fields: object) => ask('POST', path, { body: { query: 'tea', ...fields } })
    expect((await searched({ limit: 2 })).body.matches).toHaveLength(2)
    expect((await searched({ k: 1 })).body.matches).toHaveLength(1)
    expect((await searched({ limit: 2, k: 2 })).body.matches).toHaveLength(2)
    expect(await searched({ limit: 2, k: 1 })).toMatchObject({ status: 400, body: { field: 'limit' } })
    for (const name of ['limit', 'k']) {
      expect(await searched({ [name]: 1001 })).toMatchObject({ status: 413, body: { field: name } })
    }
  }
})

test('a user named * is that user, not a wildcard', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ content: 'x', user_id: 'ada' })
  expect((await ask('GET', '/users/*/memories')).body.items).toEqual([])
  expect((await ask('DELETE', '/users/*/memories')).body).toEqual({ ok: true, deleted: 0 })
  expect((await ask('POST', '/memory/query', { body: { query: 'x', user_id: '*' } })).body.matches).toEqual([])
})

test('POST /memory/reinforce answers ok and leaves the version', async () => {
  const { ask, store } = await serve()
  const { id, salience } = await store.addMemory({ content: 'x' })
  const { body } = await ask('POST', '/memory/reinforce', { body: { id, boost: 0.2 } })
  expect(body).toMatchObject({ ok: true, memory: { version: 1 } })
  expect(body.memory.salience).toBeGreaterThan(salience)
  expect((await ask('POST', '/memory/reinforce', { body: {} })).body).toMatchObject({ err: 'id' })
})

test('PATCH /memory/batch answers for each item', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'a', content: 'x' })
  const { body } = await ask('PATCH', '/memory/batch', {
    body: { items: [{ id: 'a', tags: ['t'] }, { id: 'unknown', tags: [] }, { tags: [] }] },
  })
  expect(body.results).toMatchObject([
    { ok: true, memory: { id: 'a', version: 2 } },
    { ok: false, id: 'unknown', error: { code: 'NOT_FOUND' } },
    { ok: false, error: { code: 'MISSING_ID' } },
  ])
  const items = Array.from({ length: 1001 }, () => ({ id: 'a', tags: [] }))
  expect((await ask('PATCH', '/memory/batch', { body: { items } })).body).toMatchObject({
    err: 'limit',
    field: 'items',
  })
})

test('history, restoring and links', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'one' })
  await ask('PATCH', `/memory/${id}`, { body: { content: 'two', actor: 'ada', reason: 'better' } })
  const { body } = await ask('GET', `/memory/${id}/history`)
  expect(body.versions).toMatchObject([
    { version: 2, actor: 'ada', reason: 'better' },
    { version: 1, event: 'ADD' },
  ])
  const restored = await ask('POST', `/memory/${id}/restore`, { body: { version: 1 } })
  expect(restored.body).toMatchObject({ content: 'one', version: 3 })
  expect(
    (await ask('POST', `/memory/${id}/restore`, { headers: { 'If-Match': '"2"' }, body: { version: 1 } })).status,
  ).toBe(412)
  expect((await ask('POST', `/memory/${id}/restore`, { body: { version: 9 } })).body.err).toBe('nf')
  expect((await ask('GET', `/memory/${id}/waypoints`)).body).toEqual({ waypoints: [] })
  expect((await ask('GET', `/memory/none/history`)).body.err).toBe('nf')
})

test('a user’s memories are listed and deleted together', async () => {
  const { ask, store } = await serve()
  await store.addMemories([
    { content: 'a', user_id: 'ada' },
    { content: 'b', user_id: 'ada' },
    { content: 'c', user_id: 'bob' },
  ])
  expect((await ask('GET', '/users/ada/memories?l=1')).body.items).toHaveLength(1)
  expect((await ask('DELETE', '/users/ada/memories')).body).toEqual({ ok: true, deleted: 2 })
  expect((await ask('GET', '/memory/all')).body.items).toHaveLength(1)
})

test('unknown routes answer 404 and wrong methods 405, both as JSON', async () => {
  const { ask } = await serve()
  expect(await ask('GET', '/nowhere')).toMatchObject({ status: 404, body: { err: 'nf' } })
  const wrong = await ask('PUT', '/memory/x', { body: {} })
  expect(wrong).toMatchObject({ status: 405, body: { err: 'invalid' } })
  expect(wrong.headers.allow).toMatch(/PATCH/)
})

test('health, sectors, the document and its page need nothing else', async () => {
  const { ask } = await serve()
  expect((await ask('GET', '/health')).body).toMatchObject({ ok: true })
  expect((await ask('GET', '/sectors')).body.sectors).toContain('episodic')
  const { body } = await ask('GET', '/openapi.json')
  expect(body.openapi).toMatch(/^3\.1/)
  expect(Object.keys(body.paths['/memory/{id}']).sort()).toEqual(['delete', 'get', 'patch'])
  const page = await ask('GET', '/docs')
  expect(page.headers['content-type']).toMatch(/text\/html/)
  expect(page.text).toContain('/memory/{id}')
  expect(page.text).not.toMatch(/<script|https?:\/\//)
})

test('ifExists finds the memory that has the text instead of adding it', async () => {
  const { ask } = await serve()
  const memory = { content: 'Ada drinks tea', user_id: 'ada' }
  const { body: first } = await ask('POST', '/memory/add', { body: memory })
  expect(first).not.toHaveProperty('existed')
  const { body: again, headers } = await ask('POST', '/memory/add', { body: { ...memory, ifExists: 'skip' } })
  expect(again).toMatchObject({ id: first.id, existed: true, version: 1, decay_lambda: expect.any(Number) })
  expect(headers.etag).toBe('"1"')
  const items = [{ ...memory, tags: ['drink'] }, { content: 'New' }]
  const { body } = await ask('POST', '/memory/batch', { body: { items, ifExists: 'touch' } })
  expect(body.results).toMatchObject([{ ok: true, memory: { id: first.id, existed: true, version: 2 } }, { ok: true }])
  expect(body.results[1].memory).not.toHaveProperty('existed')
  const wrong = await ask('POST', '/memory/add', { body: { ...memory, ifExists: 'merge' } })
  expect([wrong.status, wrong.body.field]).toEqual([400, 'ifExists'])
})

test('DELETE /memory/:id checks versions, and stores actor and reason', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'x' })
  await store.updateMemory(id, { tags: ['a'] })
  const path = `/memory/${id}`
  const late = await ask('DELETE', path, { headers: { 'If-Match': '"1"' } })
  expect([late.status, late.body.code]).toEqual([412, 'VERSION_CONFLICT'])
  expect((await ask('DELETE', `${path}?ifVersion=1`)).status).toBe(409)
  expect((await ask('DELETE', `${path}?ifVersion=2`, { headers: { 'If-Match': '"1"' } })).body.field).toBe('ifVersion')
  const query = '?ifVersion=2&actor=ada&reason=moved%20away'
  expect((await ask('DELETE', path + query)).body).toMatchObject({ ok: true, memory: { id, version: 2 } })
  const { body } = await ask('GET', path)
  expect(body.details).toMatchObject({ deleted: true, version: 2, actor: 'ada', reason: 'moved away' })
})

test('a weak ETag never matches, and the error says what to send', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'x' })
  const { status, body } = await ask('PATCH', `/memory/${id}`, {
    body: { tags: ['a'] },
    headers: { 'If-Match': 'W/"1"' },
  })
  expect([status, body.field]).toEqual([412, 'If-Match'])
  expect(body.message).toContain('without W/')
  expect((await store.getMemory(id)).version).toBe(1)
})

test('a repeated parameter is rejected', async () => {
  const { ask } = await serve()
  const { status, body } = await ask('GET', '/memory/all?limit=2&limit=3')
  expect([status, body.field]).toEqual([400, 'limit'])
  expect(body.message).toContain('more than once')
})

test('of a query that is too long POST /memory/query searches for the end', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ content: 'The harbour is in Lisbon' })
  const query = `${'x'.repeat(9000)} Where is the harbour?`
  const { body } = await ask('POST', '/memory/query', { body: { query } })
  expect(body).toMatchObject({ query_cut: 8192, matches: [{ content: 'The harbour is in Lisbon' }] })
  expect(body.query).toHaveLength(8192)
  expect((await ask('POST', '/memory/search', { body: { query } })).status).toBe(413)
})

test('GET /sectors returns the decay and the counts of sectors', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ content: 'x', metadata: { sector: 'emotional' } })
  const { body } = await ask('GET', '/sectors')
  expect(body.sectors).toHaveLength(5)
  expect(body.configs.emotional).toEqual({ decay_lambda: expect.any(Number) })
  expect(body.stats).toContainEqual({ sector: 'emotional', count: 1, avg_salience: expect.closeTo(0.6, 0) })
  expect(body.stats).toContainEqual({ sector: 'semantic', count: 0, avg_salience: 0 })
})

test('POST /compact takes deleted texts out of the files', async () => {
  const { ask, store } = await serve()
  const { id } = await store.addMemory({ content: 'x' })
  await store.deleteMemory(id)
  const { status, body } = await ask('POST', '/compact')
  expect([status, body]).toEqual([200, { bytes_before: expect.any(Number), bytes_after: expect.any(Number) }])
})

test('an invalid item of a batch is named by its index', async () => {
  const { ask } = await serve()
  const { body } = await ask('POST', '/memory/batch', { body: { items: [null, { content: 'x' }] } })
  expect(body.results[0].error.field).toBe('items[0]')
  expect(body.results[1].ok).toBe(true)
})

test('an error says whether it is retryable', async () => {
  const { ask } = await serve()
  expect((await ask('GET', '/memory/none')).body).toMatchObject({ code: 'NOT_FOUND', retryable: false })
  expect((await ask('GET', '/v1/memories/none/')).body).toMatchObject({ retryable: false })
  const limited = await serve({ rateLimit: { requests: 1, seconds: 60 } })
  const answers = await Promise.all(Array.from({ length: 5 }, () => limited.ask('GET', '/memory/none')))
  expect(answers.find(({ status }) => status === 429)?.body).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
})

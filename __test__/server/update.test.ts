// PATCH /memory/:id, to the letter of the published page.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

const MEMORY = {
  id: 'mem_7k9n2x4p8q',
  content: 'Docker runs containers',
  tags: ['docker'],
  metadata: { category: 'devops', draft: true },
}

async function withMemory() {
  const served = await serve()
  await served.store.addMemory(MEMORY)
  return served
}

test('the documented request answers 200 with the documented fields', async () => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', '/memory/mem_7k9n2x4p8q', {
    headers: { 'X-API-Key': 'your_api_key' },
    body: {
      content: 'Kubernetes orchestrates containerized applications at scale',
      tags: ['kubernetes', 'containers', 'orchestration', 'devops'],
      metadata: { category: 'devops', difficulty: 'advanced', verified: true },
    },
  })
  expect(reply.status).toBe(200)
  expect(reply.headers['content-type']).toMatch(/^application\/json/)
  expect(reply.headers.etag).toBe('"2"')
  expect(reply.body).toMatchObject({
    id: 'mem_7k9n2x4p8q',
    content: 'Kubernetes orchestrates containerized applications at scale',
    tags: ['kubernetes', 'containers', 'orchestration', 'devops'],
    metadata: { category: 'devops', draft: true, difficulty: 'advanced', verified: true },
    version: 2,
  })
  expect(reply.body.sectors).toContain(reply.body.primary_sector)
  expect(new Date(reply.body.updated_at).toISOString()).toBe(reply.body.updated_at)
})

test('tags are replaced, metadata is merged, and null removes a field', async () => {
  const { ask } = await withMemory()
  expect((await ask('PATCH', `/memory/${MEMORY.id}`, { body: { tags: [] } })).body).toMatchObject({
    tags: [],
    version: 2,
  })
  const { body } = await ask('PATCH', `/memory/${MEMORY.id}`, { body: { metadata: { draft: null, owner: 'ada' } } })
  expect(body.metadata).toEqual({ category: 'devops', owner: 'ada' })
  expect(body.content).toBe(MEMORY.content)
})

test('an unknown id answers 404 nf', async () => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', '/memory/mem_unknown', { body: { tags: [] } })
  expect([reply.status, reply.body.err]).toEqual([404, 'nf'])
})

test.each([
  ['PATCH', '/memory/'],
  ['PATCH', '/memory'],
  ['GET', '/memory/'],
  ['DELETE', '/memory/'],
  ['GET', '/memory//history'],
  ['GET', '/memory//waypoints'],
  ['POST', '/memory//restore'],
  ['POST', '/memory//retire'],
])('%s %s without an id answers 400 id', async (method, path) => {
  const { ask } = await withMemory()
  const reply = await ask(method, path, method === 'GET' ? {} : { body: { tags: [] } })
  expect([reply.status, reply.body.err]).toEqual([400, 'id'])
})

test('an internal error returns 500 without details', async () => {
  const embedder = { id: 'broken', dimensions: 2, embed: () => Promise.reject(new Error('secret of /etc/passwd')) }
  const { ask } = await serve({}, { embedder })
  const reply = await ask('POST', '/memory/add', { body: { content: 'x' } })
  expect([reply.status, reply.body.err, reply.body.code]).toEqual([500, 'internal', 'EMBEDDING_FAILED'])
  expect(reply.text).not.toMatch(/secret|passwd|\/|\bat\b .*:\d+/)
})

test.each([
  [{}, 'patch'],
  [{ colour: 'red' }, 'colour'],
  [{ content: '' }, 'content'],
  [{ content: null }, 'content'],
  [{ content: 7 }, 'content'],
  [{ tags: null }, 'tags'],
  [{ tags: ['a', 7] }, 'tags[1]'],
  [{ metadata: [] }, 'metadata'],
  [{ metadata: { big: 2 ** 60 } }, 'metadata.big'],
  [[], 'body'],
  ['{"tags": [', 'body'],
  ['', 'body'],
])('%j answers 400 invalid, names the field and changes nothing', async (body, field) => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', `/memory/${MEMORY.id}`, { body })
  expect([reply.status, reply.body.err, reply.body.field]).toEqual([400, 'invalid', field])
  expect((await ask('GET', `/memory/${MEMORY.id}`)).body).toMatchObject({ ...MEMORY, version: 1 })
})

test.each([
  [{ content: 'x'.repeat(200_001) }, 'content'],
  [{ tags: Array(65).fill('t') }, 'tags'],
  [{ tags: ['t'.repeat(257)] }, 'tags[0]'],
  [{ metadata: { text: 'x'.repeat(1_048_576) } }, 'metadata'],
])('an over-long value answers 413 limit', async (body, field) => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', `/memory/${MEMORY.id}`, { body })
  expect([reply.status, reply.body.err, reply.body.field]).toEqual([413, 'limit', field])
})

test('an over-long id answers 413 limit', async () => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', `/memory/${'i'.repeat(257)}`, { body: { tags: [] } })
  expect([reply.status, reply.body.err]).toEqual([413, 'limit'])
})

test('If-Match lets one of two updates through and answers the other 412 with the current version', async () => {
  const { ask } = await withMemory()
  const { headers } = await ask('GET', `/memory/${MEMORY.id}`)
  const update = () =>
    ask('PATCH', `/memory/${MEMORY.id}`, { headers: { 'If-Match': headers.etag as string }, body: { tags: ['won'] } })
  const replies = await Promise.all([update(), update(), update()])
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 412, 412])
  const lost = replies.find(({ status }) => status === 412)
  expect(lost?.body).toMatchObject({ err: 'conflict', code: 'VERSION_CONFLICT', version: 2 })
})

test('If-Match of any form is understood or refused, never left out', async () => {
  const { ask } = await withMemory()
  const status = async (value: string, body: object = { tags: [] }) =>
    (await ask('PATCH', `/memory/${MEMORY.id}`, { headers: { 'If-Match': value }, body })).status
  expect(await status('*')).toBe(200)
  expect(await status('2')).toBe(200)
  expect(await status('"2"')).toBe(412)
  expect(await status('W/"3"')).toBe(412)
  for (const wrong of ['"x"', '"3", "4"', '""', '0', '-1']) expect([wrong, await status(wrong)]).toEqual([wrong, 400])
  expect(await status('"3"', { tags: [], ifVersion: 2 })).toBe(400)
  const removal = await ask('DELETE', `/memory/${MEMORY.id}`, { headers: { 'If-Match': '"1"' } })
  expect([removal.status, removal.body.code]).toEqual([412, 'VERSION_CONFLICT'])
})

test('ifVersion in the body answers 409', async () => {
  const { ask } = await withMemory()
  const reply = await ask('PATCH', `/memory/${MEMORY.id}`, { body: { tags: [], ifVersion: 7 } })
  expect(reply.body).toMatchObject({ err: 'conflict', version: 1 })
  expect(reply.status).toBe(409)
})

test('an immutable memory answers 409 immutable and can be deleted', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'fixed', content: 'x', immutable: true })
  const reply = await ask('PATCH', '/memory/fixed', { body: { tags: [] } })
  expect([reply.status, reply.body.err]).toEqual([409, 'immutable'])
  expect((await ask('DELETE', '/memory/fixed')).body).toMatchObject({ ok: true })
})

test('updates of different fields at the same time all survive', async () => {
  const { ask } = await withMemory()
  const patches = [{ tags: ['a'] }, { content: 'new text' }, { metadata: { a: 1 } }, { metadata: { b: 2 } }]
  const replies = await Promise.all(patches.map((body) => ask('PATCH', `/memory/${MEMORY.id}`, { body })))
  expect(replies.map(({ body }) => body.version).sort()).toEqual([2, 3, 4, 5])
  expect((await ask('GET', `/memory/${MEMORY.id}`)).body).toMatchObject({
    ...{ tags: ['a'], content: 'new text', metadata: { category: 'devops', draft: true, a: 1, b: 2 } },
  })
})

test('an updated memory is found by its new text at once', async () => {
  const { ask } = await withMemory()
  await ask('PATCH', `/memory/${MEMORY.id}`, { body: { content: 'sourdough needs a starter' } })
  const { body } = await ask('POST', '/memory/query', { body: { query: 'sourdough starter', k: 1 } })
  expect(body.matches[0]).toMatchObject({ id: MEMORY.id, content: 'sourdough needs a starter' })
})

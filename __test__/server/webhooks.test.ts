// Webhooks: each change is sent until its receiver has taken it, signed, also after a kill.

import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import type { ServeOptions } from '@openmemory/sdk'
import { exitOf, nextMessage, start } from '../helpers/child'
import { asker, serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

const PROJECT = '/api/v1/webhooks/projects/default/'

interface Received {
  headers: IncomingHttpHeaders
  body: string
  details: { id: string; event: string; data: { memory: string | null }; version: number; [name: string]: unknown }
}

const receivers: Server[] = []
afterEach(async () => {
  for (const server of receivers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Listens, and answers each delivery; by default with 200. */
async function receiver(answer = (_: Received, response: ServerResponse) => void response.writeHead(200).end()) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const delivery = { headers: request.headers, body, details: JSON.parse(body).event_details }
    received.push(delivery)
    answer(delivery, response)
  })
  receivers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=1` }
}

async function until<T>(found: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const value = await found()
    if (value !== undefined && value !== false) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const ALL = ['memory_add', 'memory_update', 'memory_delete']
const hook = (url: string, event_types = ALL) => ({ body: { name: 'hook', url, event_types } })

test('each change is sent in its order, signed, with what its receiver needs', async () => {
  const { received, url } = await receiver()
  const { ask, store } = await serve()
  await store.addMemory({ content: 'before', user_id: 'ada' })
  const made = await ask('POST', PROJECT, hook(url))
  expect(made.status).toBe(201)
  const { secret, webhook_id } = made.body
  // Several changes from before it follows may be sent as one.
  await store.addMemory({ content: 'first', user_id: 'ada' })
  await until(() => received.length === 1)
  received.length = 0
  const memory = await store.addMemory({ content: 'Ada lives in Lisbon', user_id: 'ada' })
  await store.updateMemory(memory.id, { content: 'Ada lives in Porto' })
  await ask('DELETE', `/memory/${memory.id}`)
  await until(() => received.length === 3)
  expect(received.map(({ details }) => [details.event, details.data.memory, details.version])).toEqual([
    ['ADD', 'Ada lives in Lisbon', 1],
    ['UPDATE', 'Ada lives in Porto', 2],
    ['DELETE', null, 2],
  ])
  expect(received[0]?.details).toMatchObject({ user_id: 'ada', run_id: null })
  expect(new Set(received.map(({ details }) => details.id)).size).toBe(1)
  expect(received[0]?.details.id).toMatch(/^[\da-f-]{36}$/)
  for (const { headers, body } of received) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(key.length).toBe(32)
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60)
  }
  const [listed] = await until(async () => {
    const { body } = await ask('GET', PROJECT)
    return body[0].last_delivered_at !== null && body
  })
  expect(listed).toMatchObject({ webhook_id, name: 'hook', url, event_types: ALL, is_active: true, last_error: null })
  expect(listed.secret).toBeUndefined()
})

test('only the events that were asked for are sent, and a deleted webhook gets none', async () => {
  const { received, url } = await receiver()
  const { ask, store } = await serve()
  const deletions = await ask('POST', PROJECT, hook(url, ['memory_delete']))
  const { id } = await store.addMemory({ content: 'one' })
  await store.retireMemory(id)
  await until(() => received.length === 1)
  expect(received[0]?.details).toMatchObject({ event: 'DELETE', data: { memory: 'one' }, version: 2 })
  const path = `/api/v1/webhooks/${deletions.body.webhook_id}/`
  expect((await ask('PUT', path, { body: { event_types: ['memory_add'], name: 'adds' } })).status).toBe(200)
  await store.addMemory({ content: 'two' })
  await until(() => received.length === 2)
  expect(received[1]?.details).toMatchObject({ event: 'ADD', data: { memory: 'two' } })
  expect((await ask('DELETE', path)).body).toEqual({ message: 'Webhook deleted successfully' })
  for (const method of ['PUT', 'DELETE']) expect((await ask(method, path, { body: { name: 'x' } })).status).toBe(404)
  expect((await ask('GET', PROJECT)).body).toEqual([])
  const other = await ask('POST', PROJECT, hook(url, ['memory_add']))
  expect(other.status).toBe(201)
  await store.addMemory({ content: 'three' })
  await until(() => received.length === 3)
  expect(received.map(({ details }) => details.data.memory)).toEqual(['one', 'two', 'three'])
})

test('what a webhook asks for holds for each later change, also while an event is on its way', async () => {
  const held: ServerResponse[] = []
  const { received, url } = await receiver((_, response) => void held.push(response))
  const { ask, store } = await serve()
  const made = await ask('POST', PROJECT, hook(url, ['memory_delete']))
  const { id } = await store.addMemory({ content: 'one' })
  await store.retireMemory(id)
  await until(() => received.length === 1)
  const path = `/api/v1/webhooks/${made.body.webhook_id}/`
  expect((await ask('PUT', path, { body: { event_types: ['memory_add'] } })).status).toBe(200)
  await store.addMemory({ content: 'two' })
  held[0]?.writeHead(200).end()
  await until(() => received.length === 2)
  expect(received[1]?.details).toMatchObject({ event: 'ADD', data: { memory: 'two' } })
  held[1]?.writeHead(200).end()
})

test('memories with tags are categorized, and again when their tags change', async () => {
  const { received, url } = await receiver()
  const { ask, store } = await serve()
  await ask('POST', PROJECT, hook(url, ['memory_categorize']))
  const { id } = await store.addMemory({ content: 'green tea', tags: ['food'] })
  await store.updateMemory(id, { metadata: { x: 1 } })
  await store.updateMemory(id, { tags: ['food', 'tea'] })
  await until(() => received.length === 2)
  expect(received.map(({ details }) => [details.event, details.categories, details.version])).toEqual([
    ['CATEGORIZE', ['food'], 1],
    ['CATEGORIZE', ['food', 'tea'], 3],
  ])
})

test('what fails is sent again under the same id, and a redirect is not followed', async () => {
  const elsewhere = await receiver()
  const statuses = [500, 302, 200]
  const { received, url } = await receiver((_, response) => {
    response.writeHead(statuses.shift() ?? 200, { location: elsewhere.url }).end()
  })
  const { ask, store } = await serve()
  await ask('POST', PROJECT, hook(url))
  await store.addMemory({ content: 'one' })
  await until(() => received.length === 1)
  await until(async () => (await ask('GET', PROJECT)).body[0].last_error?.includes('500'))
  await until(() => received.length === 3)
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(elsewhere.received).toEqual([])
  await until(async () => (await ask('GET', PROJECT)).body[0].last_error === null)
})

test('a receiver that answers 410 gets nothing more until the webhook is switched on again', async () => {
  let status = 410
  const { received, url } = await receiver((_, response) => void response.writeHead(status).end())
  const { ask, store } = await serve()
  const { body } = await ask('POST', PROJECT, hook(url))
  await store.addMemory({ content: 'one' })
  await until(async () => (await ask('GET', PROJECT)).body[0].is_active === false)
  await store.addMemory({ content: 'two' })
  status = 200
  await ask('PUT', `/api/v1/webhooks/${body.webhook_id}/`, { body: { is_active: true } })
  await until(async () => {
    // The webhook that ended may still be ending.
    await ask('GET', PROJECT)
    return received.length >= 3
  })
  // What was not taken is sent again, and nothing is missing.
  expect(received.map(({ details }) => details.data.memory)).toEqual(['one', 'one', 'two'])
})

test('what was not sent when the server was killed is sent by the next one, each version of it', async () => {
  let up = false
  const { received, url } = await receiver((_, response) => void response.writeHead(up ? 200 : 503).end())
  const path = freshDirectory()
  const child = start('serve.mjs', path, '{}')
  const { port } = await nextMessage<{ port: number }>(child)
  const ask = asker(port)
  expect((await ask('POST', PROJECT, hook(url))).status).toBe(201)
  const { body } = await ask('POST', '/memory/add', { body: { content: 'one', id: 'mine' } })
  await ask('PATCH', `/memory/${body.id}`, { body: { content: 'two' } })
  await until(() => received.length > 0)
  child.kill('SIGKILL')
  await exitOf(child)
  received.length = 0
  up = true
  const om = openEmbedded({ path })
  await om.serve({ port: 0 })
  await until(() => received.length === 2)
  expect(received.map(({ details }) => [details.event, details.data.memory])).toEqual([
    ['ADD', 'one'],
    ['UPDATE', 'two'],
  ])
})

test.each([
  ['a name', { name: '' }, 'name'],
  ['another scheme', { url: 'ftp://127.0.0.1/x' }, 'url'],
  ['a file', { url: 'file:///etc/passwd' }, 'url'],
  ['a user', { url: 'http://user@127.0.0.1/' }, 'url'],
  ['a user behind a backslash', { url: 'http://example.com\\@127.0.0.1/' }, null],
  ['a password', { url: 'http://a:b@127.0.0.1/' }, 'url'],
  ['no host', { url: 'http:///x' }, 'url'],
  ['a break in the address', { url: 'http://127.0.0.1/\r\nx' }, 'url'],
  ['an event that there is not', { event_types: ['ingest_job_failed'] }, 'event_types[0]'],
  ['no event', { event_types: [] }, 'event_types'],
  ['a field that there is not', { secret: 'mine' }, 'secret'],
])('a webhook with %s is refused', async (_, wrong, field) => {
  const { ask } = await serve()
  const { status, body } = await ask('POST', PROJECT, { body: { ...hook('http://127.0.0.1:9/').body, ...wrong } })
  // A browser would read the backslash as a slash, and so does the sender: its host is not allowed.
  expect([status, body.field]).toEqual(field === null ? [201, undefined] : [400, field])
})

test('a tenant has webhooks of its own, and sixteen at most', async () => {
  const { ask } = await serve({ apiKeys: ['ann=key-of-tenant-ann', 'bob=key-of-tenant-bob'] })
  const of = (tenant: string) => `/api/v1/webhooks/projects/${tenant}/`
  const ann = { key: 'key-of-tenant-ann' }
  const { body } = await ask('POST', of('ann'), { ...hook('http://127.0.0.1:9/'), ...ann })
  expect((await ask('GET', of('ann'), { key: 'key-of-tenant-bob' })).status).toBe(403)
  expect((await ask('GET', of('bob'), { key: 'key-of-tenant-bob' })).body).toEqual([])
  const path = `/api/v1/webhooks/${body.webhook_id}/`
  expect((await ask('DELETE', path, { key: 'key-of-tenant-bob' })).status).toBe(404)
  for (let i = 1; i < 16; i++) await ask('POST', of('ann'), { ...hook('http://127.0.0.1:9/'), ...ann })
  const more = await ask('POST', of('ann'), { ...hook('http://127.0.0.1:9/'), ...ann })
  expect([more.status, (await ask('GET', of('ann'), ann)).body.length]).toEqual([400, 16])
})

test('nothing is sent to an address that is not allowed, and the webhook says why', async () => {
  const { ask, store } = await serve()
  await ask('POST', PROJECT, hook('https://example.com/hook'))
  await store.addMemory({ content: 'one' })
  const error = await until(async () => (await ask('GET', PROJECT)).body[0].last_error ?? undefined)
  expect(error).toMatch(/webhookHosts/)
})

test('an option that is no list of hosts is refused', async () => {
  const serving = (webhookHosts: unknown) => openEmbedded().serve({ port: 0, webhookHosts } as ServeOptions)
  await expect(serving('*')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'webhookHosts' })
  for (const host of ['http://a', 'a/b', '', 'a b', 'user@a', '*a', '::1', 7]) {
    const refusal = { code: 'INVALID_ARGUMENT', field: 'webhookHosts[1]' }
    await expect(serving(['ok.example', host])).rejects.toMatchObject(refusal)
  }
})

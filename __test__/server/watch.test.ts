// Watching over HTTP: a client receives all changes of its tenant's memories, and of no other tenant's, while it is connected.

import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { type Listening, listen as listenTo } from '../helpers/events'
import { type Ask, serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

interface NativeKeys {
  create(tenant: string, name: string, forMetrics: boolean): string
  revoke(id: string): string
}

const { Keys } = require('../../native.js') as { Keys: new (file: string) => NativeKeys }

const listening: Listening[] = []
afterEach(() => {
  for (const one of listening.splice(0)) one.leave()
})

async function listen(...to: Parameters<typeof listenTo>): Promise<Listening> {
  const one = await listenTo(...to)
  listening.push(one)
  return one
}

/** The ids of received changes up to `last`. */
async function until(stream: Listening, last: string): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const event = await stream.next()
    if (event === undefined) throw new Error(`ended after ${ids}`)
    if (event.data === undefined) continue
    const { id } = JSON.parse(event.data)
    if (id === last) return ids
    ids.push(id)
  }
}

async function open(ask: Ask): Promise<number> {
  return Number(/^openmemory_watches (\d+)$/m.exec((await ask('GET', '/metrics')).text)?.[1])
}

test('an event has a change as its data and the cursor as its id', async () => {
  const { server, store } = await serve()
  const stream = await listen(server.port, '/watch', { 'accept-encoding': 'gzip' })
  expect(stream).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } })
  expect(stream.headers['content-encoding']).toBeUndefined()
  const begun = await stream.next()
  expect(begun).toEqual({ id: expect.stringMatching(/^c\./) })

  const memory = await store.addMemory({ id: 'a', content: 'two\r\nlines\u2028' })
  const event = await stream.next()
  const change = { event: 'ADD', id: 'a', version: 1, at: memory.updated_at, memory, cursor: event?.id }
  expect(JSON.parse(event?.data as string)).toEqual(change)
  await store.deleteMemory('a')
  expect(JSON.parse((await stream.next())?.data as string)).toMatchObject({ event: 'DELETE', id: 'a', version: 1 })
})

test('Last-Event-ID and since resume after an event, filters apply, and POST accepts the same', async () => {
  const { server, store, ask } = await serve()
  const first = await listen(server.port, '/watch')
  await store.addMemories(['a', 'b'].map((id) => ({ id, content: id, tags: ['kept'] })))
  await first.next()
  const { id = '' } = (await first.next()) as { id: string }
  await store.addMemories([
    { id: 'c', content: 'c' },
    ...['d', 'end'].map((id) => ({ id, content: id, tags: ['kept'] })),
  ])

  expect(await until(await listen(server.port, '/watch?since=2000-01-01', { 'last-event-id': id }), 'end')).toEqual([
    ...['b', 'c', 'd'],
  ])
  const filters = encodeURIComponent('{"tags":"kept"}')
  const some = await listen(server.port, `/watch?since=${encodeURIComponent(id)}&filters=${filters}`)
  expect(await until(some, 'end')).toEqual(['b', 'd'])
  const posted = await ask('POST', '/watch', {
    body: { since: id, filters: { tags: 'kept' } },
    headers: { 'idempotency-key': 'means-nothing-here' },
  })
  expect([posted.status, posted.text.match(/"id":"\w+"/g)?.[0]]).toEqual([200, '"id":"b"'])
})

test('the event id advances even if filters exclude the changes', async () => {
  const { server, store } = await serve()
  const stream = await listen(server.port, `/watch?filters=${encodeURIComponent('{"tags":"none"}')}`)
  const begun = await stream.next()
  await store.addMemory({ content: 'not sent' })
  const next = await stream.next()
  expect(next).toEqual({ id: expect.any(String) })
  expect(next).not.toEqual(begun)
})

test.each([
  ['/watch?since=yesterday', {}, 'since'],
  ['/watch', { 'last-event-id': 'c.nonsense' }, 'since'],
  ['/watch?filters=%7B', {}, 'filters'],
  ['/watch?filters=%7B%22unknown%22%3A1%7D', {}, 'filters.unknown'],
  ['/watch?from=now', {}, 'from'],
])('%s %j is refused by name', async (path, headers, field) => {
  const { ask } = await serve()
  expect(await ask('GET', path, { headers })).toMatchObject({ status: 400, body: { err: 'invalid', field } })
})

test('a tenant gets only its own changes: new, missed and deleted ones', async () => {
  const { ask, server } = await serve({ apiKeys: ['ann=ann-key-0123456789', 'bob=bob-key-0123456789'] })
  const [ann, bob] = [{ 'x-api-key': 'ann-key-0123456789' }, { 'x-api-key': 'bob-key-0123456789' }]
  const hers = await listen(server.port, '/watch', ann)
  const his = await listen(server.port, '/watch', bob)
  await ask('POST', '/memory/add', { headers: ann, body: { id: 'secret', content: 'tea' } })
  await ask('PATCH', '/memory/secret', { headers: ann, body: { content: 'coffee' } })
  await ask('POST', '/memory/add', { headers: ann, body: { id: 'gone', content: 'milk' } })
  await ask('DELETE', '/memory/gone', { headers: ann })
  expect(await hers.next()).toEqual({ id: expect.any(String) })
  const cursor = (await hers.next())?.id as string
  await ask('POST', '/memory/add', { headers: bob, body: { id: 'end', content: 'his' } })

  expect(await until(his, 'end')).toEqual([])
  for (const since of ['2000-01-01', encodeURIComponent(cursor)]) {
    expect(await until(await listen(server.port, `/watch?since=${since}`, bob), 'end')).toEqual([])
  }
  const all = await listen(server.port, '/watch?since=2000-01-01', ann)
  expect(await until(all, 'secret')).toEqual(['gone'])
})

test('a key that is revoked hears nothing more', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  const keys = new Keys(keyFile)
  const [one, other] = ['one', 'other'].map((name) => JSON.parse(keys.create('acme', name, false)).ok)
  const { ask, server } = await serve({ keyFile })
  const stream = await listen(server.port, '/watch', { 'x-api-key': one.key })
  await stream.next()
  keys.revoke(one.id)
  await ask('POST', '/memory/add', { key: other.key, body: { id: 'later', content: 'x' } })
  const { event, data } = (await stream.next()) as Record<string, string>
  expect([event, JSON.parse(data as string)]).toMatchObject(['error', { err: 'auth', code: 'UNAUTHORIZED' }])
  expect(await stream.next()).toBeUndefined()
})

test('the limit of time for requests does not end a watch', async () => {
  const { server, store } = await serve({ timeoutMs: 1000 })
  const stream = await listen(server.port, '/watch')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await store.addMemory({ id: 'late', content: 'tea' })
  expect(await until(stream, 'late')).toEqual([])
})

test('the number of watches is limited, and closing one allows another', async () => {
  const { server, ask } = await serve()
  const all = await Promise.all(Array.from({ length: 256 }, () => listen(server.port, '/watch')))
  expect(await open(ask)).toBe(256)
  expect(await ask('GET', '/watch')).toMatchObject({ status: 503, body: { err: 'unavailable', code: 'UNAVAILABLE' } })
  // Other requests are served as before, and a new watch is accepted once a permit is free.
  expect((await ask('GET', '/stats')).status).toBe(200)
  for (const one of all) one.leave()
  while ((await open(ask)) > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  expect((await listen(server.port, '/watch')).status).toBe(200)
})

test('closing a server does not wait for watchers', async () => {
  const { server, store } = await serve()
  const streams = await Promise.all([listen(server.port, '/watch'), listen(server.port, '/watch?since=2000-01-01')])
  for (const stream of streams) await stream.next()
  await server.close()
  for (const stream of streams) expect(await stream.next()).toBeUndefined()
  await store.close()
}, 10_000)

// What only watching over a connection has: servers that end and come back, that refuse, that are too slow or too fast.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import { AuthenticationError, type MemoryChange, OpenMemory, type OpenMemoryOptions } from '@openmemory/sdk'
import { exitOf, nextMessage, start } from '../helpers/child'
import { refusal } from '../helpers/refusal'
import { asker, serve } from '../helpers/server'

const ended: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

function reach(options: OpenMemoryOptions): OpenMemory {
  const om = new OpenMemory(options)
  ended.push(() => om.close())
  return om
}

/** A watch that has started and receives later changes. */
async function watching(options: OpenMemoryOptions): Promise<AsyncIterableIterator<MemoryChange>> {
  const om = reach(options)
  const changes = om.watch()
  await om.ready()
  return changes
}

async function take(changes: AsyncIterator<MemoryChange>, count: number): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = []
  while (ids.length < count) ids.push((await changes.next()).value?.id)
  return ids
}

async function until(changes: AsyncIterator<MemoryChange>, last: string): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = []
  while (ids.at(-1) !== last) ids.push(...(await take(changes, 1)))
  return ids
}

/** A server whose answers to a watch are written by hand, one for each connection. */
async function pretend(answer: (response: ServerResponse, asked: { since?: string }, count: number) => void) {
  let count = 0
  const server = createServer(async (request, response) => {
    count += 1
    let body = ''
    for await (const chunk of request) body += chunk
    answer(response, JSON.parse(body || '{}'), count)
  }).listen(0)
  ended.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count }
}

const streaming = { 'content-type': 'text/event-stream' }
const event = (id: string) =>
  `id: c.${id}\ndata: {"event":"ADD","id":"${id}","version":1,"at":"","cursor":"c.${id}"}\n\n`

test('a watch resumes after a server restart, and delivers missed changes', async () => {
  const { server, store } = await serve()
  const changes = await watching({ url: server.url })
  await store.addMemory({ id: 'before', content: 'tea' })
  expect(await take(changes, 1)).toEqual(['before'])
  const waiting = until(changes, 'after')
  await server.close()
  await store.addMemory({ id: 'while', content: 'milk' })
  await store.serve({ port: server.port })
  await store.addMemory({ id: 'after', content: 'coffee' })
  // Changes of the last minute may be delivered again.
  expect((await waiting).filter((id) => id !== 'before')).toEqual(['while', 'after'])
})

test('a lost connection is reopened after the last complete event', async () => {
  const since: unknown[] = []
  const { url } = await pretend((response, asked, count) => {
    since.push(asked.since)
    response.writeHead(200, streaming)
    if (count > 1) return response.write(event('b').replaceAll('\n', '\r\n'))
    response.write(`: hello\n\nid: c.begun\n\n${event('a')}${event('b').slice(0, 20)}`)
    setTimeout(() => response.destroy(), 20)
  })
  expect(await take(reach({ url }).watch(), 2)).toEqual(['a', 'b'])
  expect(since).toEqual([undefined, 'c.a'])
})

test('an error event is thrown after earlier events, without a retry', async () => {
  const { url, count } = await pretend((response) => {
    const refused = { err: 'unavailable', code: 'UNAVAILABLE', message: 'fell behind' }
    response.writeHead(200, streaming).end(`${event('a')}event: error\ndata: ${JSON.stringify(refused)}\n\n`)
  })
  const changes = reach({ url }).watch()
  expect(await take(changes, 1)).toEqual(['a'])
  const error = await refusal(changes.next())
  expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, retryable: true, message: 'fell behind' })
  expect(error.stack).toContain(__filename)
  expect(await changes.next()).toEqual({ done: true, value: undefined })
  expect(count()).toBe(1)
})

test('a wrong key is an AuthenticationError, and other calls go on', async () => {
  const { server } = await serve({ apiKeys: ['a=a-key-0123456789'] })
  const om = reach({ url: server.url, apiKey: 'wrong' })
  expect(await refusal(om.watch().next())).toBeInstanceOf(AuthenticationError)
  expect(await refusal(om.stats())).toMatchObject({ code: 'UNAUTHORIZED' })
})

test('a server that is down longer than timeoutMs is UNAVAILABLE', async () => {
  const { server, store } = await serve()
  const changes = await watching({ url: server.url, timeoutMs: 2000 })
  await store.addMemory({ id: 'a', content: 'tea' })
  expect(await take(changes, 1)).toEqual(['a'])
  await server.close()
  expect(await refusal(changes.next())).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  expect(await refusal(reach({ url: server.url }).watch().next())).toMatchObject({ code: 'UNAVAILABLE' })
})

test('changes made after a watch began are delivered to it', async () => {
  const { server } = await serve()
  const om = reach({ url: server.url })
  for (let n = 0; n < 20; n++) {
    const changes = om.watch()
    await om.addMemory({ id: `m${n}`, content: 'tea' })
    expect(await take(changes, 1)).toEqual([`m${n}`])
    await changes.return?.()
  }
})

test('a slow reader gets every change, which the server buffers', async () => {
  const { server, store } = await serve()
  const changes = await watching({ url: server.url })
  const ids: string[] = []
  for (let from = 0; from < 3000; from += 1000) {
    const items = Array.from({ length: 1000 }, (_, n) => ({ id: `m${from + n}`, content: 'x'.repeat(2000) }))
    ids.push(...items.map(({ id }) => id))
    await store.addMemories(items)
  }
  expect(await take(changes, ids.length)).toEqual(ids)
})

test('return, a signal and close release the connection, even while it is lost', async () => {
  const { server, store } = await serve()
  const ask = asker(server.port)
  const open = async () => /^openmemory_watches (\d+)$/m.exec((await ask('GET', '/metrics')).text)?.[1]
  const abort = new AbortController()
  const om = reach({ url: server.url })
  const watches = [om.watch(), om.watch({ signal: abort.signal }), om.watch()]
  await om.ready()
  expect(await open()).toBe('3')
  await watches[0]?.return?.()
  abort.abort()
  while ((await open()) !== '1') await new Promise((resolve) => setTimeout(resolve, 10))
  const waiting = watches[2]?.next()
  await server.close()
  await store.addMemory({ content: 'tea' })
  await om.close()
  expect(await waiting).toEqual({ done: true, value: undefined })
})

test('a process that watches a server stays alive until it ends its watch', async () => {
  const { server, store } = await serve()
  const child = start('watch-server.mjs', server.url)
  expect(await nextMessage(child)).toBe('watching')
  // Long enough for a process that has nothing to do to end.
  await new Promise((resolve) => setTimeout(resolve, 500))
  await store.addMemory({ id: 'seven', content: 'tea' })
  expect(await exitOf(child)).toBe(7)
})

// What only remote mode has: addresses, keys, connections that fail, and calls that are tried again.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { AuthenticationError, OpenMemory, type OpenMemoryOptions, RateLimitError } from '@openmemory/sdk'
import { refusal } from '../helpers/refusal'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const ended: (() => unknown)[] = []
afterEach(async () => {
  delete process.env.OPENMEMORY_URL
  delete process.env.OPENMEMORY_API_KEY
  for (const end of ended.splice(0)) await end()
})

function reach(options: OpenMemoryOptions): OpenMemory {
  const om = new OpenMemory(options)
  ended.push(() => om.close())
  return om
}

/** A server that answers as it is told, for what ours never does. */
async function pretend(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  let count = 0
  const server = createServer((request, response) => {
    count += 1
    request.resume().on('end', () => answer(request, response, count))
  }).listen(0)
  ended.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked: () => count }
}

const memory = JSON.stringify({ id: 'x', content: 'x', version: 1 })

test('url and apiKey come from the environment where no path is given', async () => {
  const { server } = await serve({ apiKeys: ['a=a-key-0123456789'] })
  process.env.OPENMEMORY_URL = server.url
  process.env.OPENMEMORY_API_KEY = 'a-key-0123456789'
  expect(await reach({}).stats()).toMatchObject({ memories: 0 })
})

test('a url may have a path and a slash at its end', async () => {
  const paths: unknown[] = []
  const { url } = await pretend((request, response) => {
    paths.push(request.url)
    response.setHeader('content-type', 'application/json').end(memory)
  })
  await reach({ url: `${url}/memories/` }).getMemory('a/b')
  await reach({ url: `${url}/` }).getMemory('all')
  await reach({ url }).getMemory('..')
  expect(paths).toEqual(['/memories/memory/a%2Fb', '/memory/%61ll', '/memory/..'])
})

test('a wrong key is an AuthenticationError', async () => {
  const { server } = await serve({ apiKeys: ['a=a-key-0123456789'] })
  for (const options of [{ url: server.url }, { url: server.url, apiKey: 'wrong' }]) {
    const error = await refusal(reach(options).stats())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401, retryable: false })
  }
})

test('memories whose ids are spelt like routes are reached', async () => {
  const { server } = await serve()
  const om = reach({ url: server.url })
  for (const id of [
    'add',
    'all',
    'batch',
    'delete',
    'list',
    'query',
    'reinforce',
    'search',
    '.',
    '..',
    '%2F',
    'a?b#c',
    '/',
  ]) {
    await om.addMemory({ id, content: `of ${id}` })
    expect(await om.updateMemory(id, { tags: ['x'] })).toMatchObject({ id, version: 2 })
    expect(await om.getMemory(id)).toMatchObject({ id, content: `of ${id}` })
    await om.deleteMemory(id)
  }
})

test('failures that pass are tried again, and a write carries one key through all tries', async () => {
  const keys: unknown[] = []
  const { url, asked } = await pretend((request, response, count) => {
    keys.push(request.headers['idempotency-key'])
    if (count === 1) request.socket.destroy()
    else if (count === 2) response.writeHead(503).end()
    else response.setHeader('content-type', 'application/json').end(memory)
  })
  expect(await reach({ url }).addMemory({ content: 'x' })).toMatchObject({ id: 'x' })
  expect(asked()).toBe(3)
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
})

test('a lost answer does not make a second write', async () => {
  const { server, store } = await serve()
  const { port } = server
  // Lets the first request through and breaks its connection before the answer.
  const { url } = await pretend((request, response, count) => {
    const { request: begin } = require('node:http')
    const forward = begin(
      { port, method: request.method, path: request.url, headers: request.headers },
      (reply: IncomingMessage) => {
        if (count === 1) return reply.resume().on('end', () => request.socket.destroy())
        response.writeHead(reply.statusCode as number, reply.headers)
        reply.pipe(response)
      },
    )
    forward.end(JSON.stringify({ content: 'once' }))
  })
  const { id } = await reach({ url }).addMemory({ content: 'once' })
  expect((await store.listMemories()).memories.map(({ id }) => id)).toEqual([id])
})

test('what will not pass is not tried again', async () => {
  const { url, asked } = await pretend((_, response) => response.writeHead(404).end('<html>'))
  expect(await refusal(reach({ url }).getMemory('x'))).toMatchObject({ code: 'INTERNAL' })
  expect(asked()).toBe(1)
})

test('a server that stays away is UNAVAILABLE, and one that says wait is RateLimitError', async () => {
  expect(await refusal(reach({ url: 'http://127.0.0.1:1' }).stats())).toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  })
  const { url } = await pretend((_, response) => {
    response
      .writeHead(429, { 'content-type': 'application/json' })
      .end('{"err":"rate","code":"RATE_LIMITED","message":"slow"}')
  })
  expect(await refusal(reach({ url }).stats())).toBeInstanceOf(RateLimitError)
})

test('timeoutMs bounds a call, tries and all', async () => {
  const { url } = await pretend(() => {})
  const error = await refusal(reach({ url, timeoutMs: 80 }).stats())
  expect(error).toMatchObject({ code: 'TIMEOUT', status: 503, retryable: true })
})

test('a signal ends the call and lets go of the connection', async () => {
  const controller = new AbortController()
  let gone: Promise<unknown> | undefined
  const { url } = await pretend((request) => {
    gone = new Promise((resolve) => request.socket.once('close', resolve))
    controller.abort(new Error('enough'))
  })
  const error = await refusal(reach({ url }).addMemories([{ content: 'x' }], { signal: controller.signal }))
  expect(error.code).toBe('ABORTED')
  expect(error.cause).toMatchObject({ message: 'enough' })
  await gone
})

test('connections are kept', async () => {
  const sockets = new Set<unknown>()
  const { url } = await pretend((request, response) => {
    sockets.add(request.socket)
    response.setHeader('content-type', 'application/json').end(memory)
  })
  const om = reach({ url })
  for (let n = 0; n < 5; n++) await om.getMemory('x')
  expect(sockets.size).toBe(1)
})

test('a remote object serves nobody', async () => {
  expect(await refusal(reach({ url: 'http://127.0.0.1:1' }).serve())).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'url' },
  })
})

test.each([
  [{ url: 'localhost:8080' }, 'url'],
  [{ url: 'not an address' }, 'url'],
  [{ url: 'http://user:password@localhost' }, 'url'],
  [{ url: 'http://localhost/?key=1' }, 'url'],
  [{ url: 'http://localhost', path: './x' }, 'path'],
  [{ url: 'http://localhost', durability: 'flush' }, 'durability'],
  [{ url: 'http://localhost', embedder: 'test' }, 'embedder'],
  [{ url: 'http://localhost', apiKey: 'a\nb' }, 'apiKey'],
])('%j is refused at once, by name', (options, field) => {
  expect(() => new OpenMemory(options as OpenMemoryOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
  )
})

test('a batch with onProgress goes in parts and is told in one; one that is atomic goes whole', async () => {
  const { server } = await serve()
  const om = reach({ url: server.url })
  const items = Array.from({ length: 250 }, (_, n) => ({ id: `m${n}`, content: `note ${n}` }))
  const seen: [number, number][] = []
  const onProgress = (done: number, total: number) => seen.push([done, total])
  const added = await om.addMemories(items, { onProgress })
  expect(added.map((item) => item.ok && item.memory.id)).toEqual(items.map(({ id }) => id))
  expect(seen.splice(0)).toEqual([
    [100, 250],
    [200, 250],
    [250, 250],
  ])
  const updates = items.map(({ id }) => ({ id, tags: ['x'] }))
  await om.updateMemories(updates, { onProgress, atomic: true })
  expect(seen.splice(0)).toEqual([[250, 250]])
  const ids = [...items.map(({ id }) => id), 'none']
  const deleted = await om.deleteMemories(ids, { onProgress })
  expect([deleted.filter(({ ok }) => ok).length, deleted.at(-1)]).toMatchObject([250, { ok: false, id: 'none' }])
  expect(seen).toHaveLength(3)
})

test('reindex and import tell how far they are', async () => {
  const { server, store } = await serve()
  await store.addMemories(Array.from({ length: 200 }, (_, n) => ({ content: `note ${n}` })))
  const om = reach({ url: server.url })
  const file = join(freshDirectory(), 'memories.jsonl')
  await om.exportTo(file)
  await store.deleteMemories({ all: true })
  const seen: number[] = []
  await om.importFrom(file, { onProgress: (done) => seen.push(done) })
  expect(seen.length).toBeGreaterThan(2)
  expect([seen[0], seen.at(-1)]).toEqual([0, 200])
  expect(await om.reindex({ onProgress: (done) => seen.push(done) })).toMatchObject({ reindexed: 0 })
})

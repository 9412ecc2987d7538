// What only remote mode has: addresses, keys, connections that fail, and calls that are tried again.

import { readdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
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

/** A server with scripted responses, for responses that ours never sends. */
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

const json = { 'content-type': 'application/json' }
const lines = { 'content-type': 'application/jsonl' }

/** Answers that are not OpenMemory's: status, body, headers. */
const foreign: [string, number, string, Record<string, string>][] = [
  ['an HTML page that is not found', 404, '<html>', { 'content-type': 'text/html' }],
  ['JSON that is not found', 404, '{"code":"NOT_FOUND"}', json],
  [
    'a wrong path of OpenMemory itself',
    404,
    '{"err":"nf","code":"NOT_FOUND","message":"there is no such route"}',
    json,
  ],
  ['a wrong method', 405, '{"err":"invalid","code":"INVALID_ARGUMENT","message":"not this method"}', json],
  ['an empty object', 200, '{}', json],
  ['an empty list', 200, '[]', json],
  ['null', 200, 'null', json],
  ['a page', 200, '<html>', { 'content-type': 'text/html' }],
  ['nothing', 204, '', {}],
  ['other lines', 200, '{"hello":"world"}\n', lines],
  ['lines that are none', 200, '<html>\n', lines],
  ['a failure', 500, 'Internal Server Error', {}],
]

function everyCall(om: OpenMemory, file: string): [string, () => Promise<unknown>][] {
  return [
    ['addMemory', () => om.addMemory({ content: 'x' })],
    ['addMemories', () => om.addMemories([{ content: 'x' }])],
    ['getMemory', () => om.getMemory('x')],
    ['listMemories', () => om.listMemories()],
    ['updateMemory', () => om.updateMemory('x', { tags: [] })],
    ['updateMemories', () => om.updateMemories([{ id: 'x', tags: [] }])],
    ['applyOperations', () => om.applyOperations([{ delete: { id: 'x' } }])],
    ['deleteMemory', () => om.deleteMemory('x')],
    ['deleteMemories', () => om.deleteMemories(['x'])],
    ['deleteMemories', () => om.deleteMemories({ all: true })],
    ['searchMemories', () => om.searchMemories('x')],
    ['context', () => om.context('x')],
    ['reinforceMemory', () => om.reinforceMemory('x')],
    ['getHistory', () => om.getHistory('x')],
    ['restoreMemory', () => om.restoreMemory('x', 1)],
    ['retireMemory', () => om.retireMemory('x')],
    ['sendFeedback', () => om.sendFeedback('x', null)],
    ['getWaypoints', () => om.getWaypoints('x')],
    ['watch', () => om.watch().next()],
    ['reindex', () => om.reindex()],
    ['backup', () => om.backup('x')],
    ['exportTo', () => om.exportTo(file)],
    ['exportTo', () => om.exportTo(file, { onProgress: () => {} })],
    ['importFrom', () => om.importFrom(__filename)],
    ['stats', () => om.stats()],
    ['ready', () => om.ready()],
    ['flush', () => om.flush()],
  ]
}

test.each(foreign)(
  'every call reports that there is no OpenMemory server if it gets %s',
  async (_, status, body, headers) => {
    const { url } = await pretend((_request, response) => response.writeHead(status, headers).end(body))
    const directory = freshDirectory()
    const om = reach({ url: `${url}/wrong/` })
    for (const [method, call] of everyCall(om, join(directory, 'memories.jsonl'))) {
      const error = await refusal(call())
      expect([method, error]).toEqual([
        method,
        expect.objectContaining({ code: 'UNAVAILABLE', status: 503, retryable: false, details: { status } }),
      ])
      expect(error.message).toMatch(`no OpenMemory server at ${url}/wrong: `)
    }
    expect(readdirSync(directory)).toEqual([])
  },
)

test.each(['/memory', '/v1', '/api/openmemory'])(
  'a url with the wrong path %s finds no OpenMemory server',
  async (path) => {
    const { server } = await serve()
    const om = reach({ url: server.url + path })
    for (const call of [
      () => om.stats(),
      () => om.addMemory({ content: 'x' }),
      () => om.getMemory('x'),
      () => om.reindex(),
      () => om.watch().next(),
    ]) {
      expect(await refusal(call())).toMatchObject({ code: 'UNAVAILABLE', retryable: false })
    }
  },
)

test('what will not pass is not tried again', async () => {
  const { url, asked } = await pretend((_, response) => response.writeHead(404).end('<html>'))
  expect(await refusal(reach({ url }).getMemory('x'))).toMatchObject({ code: 'UNAVAILABLE' })
  expect(asked()).toBe(1)
})

test('what does not speak HTTP is no OpenMemory server, and is not tried again', async () => {
  let asked = 0
  const server = createTcpServer((socket) => {
    asked += 1
    socket.on('error', () => {}).end('220 mail.example ESMTP\r\n')
  }).listen(0)
  ended.push(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const error = await refusal(reach({ url }).stats())
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: false })
  expect(error.message).toMatch(`no OpenMemory server at ${url}: `)
  expect(asked).toBe(1)
})

test.each([
  [401, 'UNAUTHORIZED', /log in/, {}],
  [403, 'FORBIDDEN', /let .* through/, {}],
  [407, 'UNAUTHORIZED', /log in/, {}],
  [413, 'LIMIT_EXCEEDED', /raise its limit/, {}],
  [301, 'UNAVAILABLE', /https:\/\/elsewhere\.example/, { location: 'https://elsewhere.example/x' }],
  [308, 'UNAVAILABLE', /https:\/\/elsewhere\.example/, { location: 'https://elsewhere.example/x' }],
])('what a proxy answers with %i keeps its status and says what to do', async (status, code, remedy, headers) => {
  const { url, asked } = await pretend((_, response) => response.writeHead(status, headers).end('<html>'))
  const error = await refusal(reach({ url }).addMemory({ content: 'x' }))
  expect(error).toMatchObject({ code, retryable: false, details: { status, ...headers } })
  expect(error.message).toMatch(remedy)
  expect(error.message).toMatch(`${url}`)
  expect(asked()).toBe(1)
})

test.each([502, 503, 504, 522])('a proxy that answers %i for a server is tried again', async (status) => {
  const { url, asked } = await pretend((_, response) => response.writeHead(status).end('<html>'))
  const error = await refusal(reach({ url }).stats())
  expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { status } })
  expect(asked()).toBe(4)
})

test('a call that a server never answers is TIMEOUT after five minutes', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] })
  try {
    const { url, asked } = await pretend(() => {})
    const om = reach({ url })
    const call = refusal(om.stats())
    while (asked() < 1) await new Promise((resolve) => setImmediate(resolve))
    await jest.advanceTimersByTimeAsync(299_000)
    let settled = false
    call.then(() => (settled = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toBe(false)
    await jest.advanceTimersByTimeAsync(1000)
    expect(await call).toMatchObject({ code: 'TIMEOUT', status: 503, retryable: true })
    expect(asked()).toBe(1)
  } finally {
    jest.useRealTimers()
  }
})

test('close ends within five seconds if a server never answers, and calls fail', async () => {
  const { url, asked } = await pretend(() => {})
  const om = reach({ url })
  const calls = [
    ...[om.addMemory({ content: 'x' }), om.searchMemories('x'), om.backup('x')],
    ...[om.importFrom(__filename), om.exportTo(join(freshDirectory(), 'x.jsonl'))],
    // More than there are connections.
    ...Array.from({ length: 100 }, () => om.stats()),
  ]
  const errors = Promise.all(calls.map((call) => refusal(call)))
  const watching = om.watch().next()
  while (asked() < 5) await new Promise((resolve) => setImmediate(resolve))
  const begun = Date.now()
  await om.close()
  expect(Date.now() - begun).toBeLessThan(5000)
  for (const error of await errors) expect(error).toMatchObject({ code: 'CLOSED', status: 503 })
  expect(await watching).toEqual({ done: true, value: undefined })
})

test('close waits for what a server is about to answer', async () => {
  const { url } = await pretend((_, response) => {
    setTimeout(() => response.writeHead(200, json).end(memory), 300)
  })
  const om = reach({ url })
  const adding = om.addMemory({ content: 'x' })
  await om.close()
  expect(await adding).toMatchObject({ id: 'x' })
})

test('a file of this machine that is not there is IO, and no reason to try again', async () => {
  const { server } = await serve()
  const om = reach({ url: server.url })
  const error = await refusal(om.importFrom(join(freshDirectory(), 'none.jsonl')))
  expect(error).toMatchObject({ code: 'IO', retryable: false })
})

test('a server that stays down is UNAVAILABLE, and a 429 is a RateLimitError', async () => {
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

test('a signal ends the call and releases the connection', async () => {
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

test('a remote object cannot serve', async () => {
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

test('a batch with onProgress is sent in parts with one result; an atomic batch is sent whole', async () => {
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

test('reindex and import report progress', async () => {
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

// What a server withstands and grants: sizes, rates, origins, broken requests, and repeated ones.

import { randomUUID } from 'node:crypto'
import { get } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

/** Sends bytes as they are and gives what comes back until the connection ends. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => (answer += chunk))
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}

test('bodies over the limit get 413, with or without Content-Length', async () => {
  const { ask } = await serve()
  const large = JSON.stringify({ content: 'x'.repeat(5 << 20) })
  expect(await ask('POST', '/memory/add', { body: large })).toMatchObject({
    status: 413,
    body: { err: 'limit', field: 'body' },
  })
  const chunked = await ask('POST', '/memory/add', {
    body: large,
    headers: { 'transfer-encoding': 'chunked', 'content-length': '' },
  }).catch(() => undefined)
  expect(chunked === undefined || chunked.status === 413 || chunked.status === 400).toBe(true)
  expect((await ask('GET', '/stats')).body.memories).toBe(0)
})

test('the largest allowed memory fits', async () => {
  const { ask } = await serve()
  const body = {
    content: '\u{1f600}'.repeat(200_000),
    tags: Array.from({ length: 64 }, (_, n) => `${n}`.padEnd(256, 'é')),
    metadata: { text: 'x'.repeat(65_000) },
  }
  const reply = await ask('POST', '/memory/add', {
    body: JSON.stringify(body).replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  })
  if (reply.status !== 200) throw new Error(reply.text.slice(0, 300))
  expect(reply.body.content === body.content).toBe(true)
})

test('more requests than the rate allows answer 429 with Retry-After, for that key only', async () => {
  const { ask } = await serve({
    apiKeys: ['ann=ann-key-0123456789', 'bob=bob-key-0123456789'],
    rateLimit: { requests: 3, seconds: 60 },
  })
  const statuses: number[] = []
  for (let n = 0; n < 5; n++) statuses.push((await ask('GET', '/sectors', { key: 'ann-key-0123456789' })).status)
  expect(statuses).toEqual([200, 200, 200, 429, 429])
  const refused = await ask('GET', '/sectors', { key: 'ann-key-0123456789' })
  expect(refused.body.err).toBe('rate')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(refused.headers).toMatchObject({ 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '0' })
  expect((await ask('GET', '/sectors', { key: 'bob-key-0123456789' })).status).toBe(200)
})

test('without keys a page of another origin, and a name that only leads here, get nothing', async () => {
  const { ask, server } = await serve()
  expect(await ask('GET', '/memory/all', { headers: { Origin: 'https://evil.example' } })).toMatchObject({
    status: 403,
    body: { err: 'forbidden' },
  })
  expect((await ask('POST', '/memory/add', { headers: { Origin: 'null' }, body: { content: 'x' } })).status).toBe(403)
  expect((await ask('GET', '/memory/all', { headers: { Host: 'evil.example' } })).status).toBe(403)
  for (const host of ['localhost', `127.0.0.1:${server.port}`, '[::1]:80']) {
    expect((await ask('GET', '/memory/all', { headers: { Host: host, Origin: `http://${host}` } })).status).toBe(200)
  }
})

test('a request names its host once', async () => {
  const hosts = { none: '', two: 'Host: localhost\r\nHost: evil.example\r\n', same: 'Host: a\r\nHost: a\r\n' }
  for (const options of [{}, { apiKeys: ['a=a-key-0123456789'] }]) {
    const { server } = await serve(options)
    for (const lines of Object.values(hosts)) {
      const answer = await raw(server.port, `GET /memory/all HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*"field":"Host"/s)
    }
    // Older than the header.
    expect(await raw(server.port, 'GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.0 200 /)
  }
})

test('without keys an address in the request line counts as the host', async () => {
  const { server } = await serve()
  for (const [host, status] of [
    ['evil.example', 403],
    ['localhost', 200],
  ]) {
    const head = `GET http://${host}/memory/all HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    expect(await raw(server.port, head)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  }
})

test('with keys pages of any origin may ask, PATCH and DELETE included', async () => {
  const { ask } = await serve({ apiKeys: ['a=a-key-0123456789'] })
  const preflight = await ask('OPTIONS', '/memory/x', {
    headers: {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'PATCH',
      'Access-Control-Request-Headers': 'x-api-key,content-type',
    },
  })
  expect(preflight.status).toBe(200)
  expect(preflight.headers['access-control-allow-methods']).toMatch(/PATCH.*DELETE/)
  expect(preflight.headers['access-control-allow-headers']).toMatch(/x-api-key/)
  const reply = await ask('GET', '/stats', { headers: { Origin: 'https://app.example' }, key: 'a-key-0123456789' })
  expect(reply.headers['access-control-allow-origin']).toBe('https://app.example')
})

test('responses are compressed if the client accepts it', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'text '.repeat(2000) })
  const body = await new Promise<Buffer>((resolve) => {
    get(`${server.url}/memory/x`, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      expect(response.headers['content-encoding']).toBe('gzip')
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks)))
    })
  })
  expect(JSON.parse(gunzipSync(body).toString()).id).toBe('x')
})

test('a request id is kept if it is safe to log, and generated otherwise', async () => {
  const { ask } = await serve()
  expect((await ask('GET', '/health', { headers: { 'X-Request-Id': 'mine-1' } })).headers['x-request-id']).toBe(
    'mine-1',
  )
  expect((await ask('GET', '/health', { headers: { 'X-Request-Id': 'a "b" {c}' } })).headers['x-request-id']).toMatch(
    /^[0-9a-f]{16}$/,
  )
})

test.each([
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}'],
  ['a length that is none', 'Content-Length: +2\r\n\r\n{}'],
  ['a coding that is none', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n'],
  ['a folded header', 'X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}'],
  ['a space before the colon', 'Content-Length : 2\r\n\r\n{}'],
  ['a head that is too long', `X-A: ${'b'.repeat(1 << 20)}\r\n\r\n`],
])('a request with %s is refused and its connection closed', async (_, head) => {
  const { server, store } = await serve()
  const hidden = 'DELETE /memory/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
  await store.addMemory({ id: 'x', content: 'x' })
  const answer = await raw(server.port, `POST /memory/query HTTP/1.1\r\nHost: localhost\r\n${head}${hidden}`).catch(
    () => '',
  )
  expect(answer).not.toMatch(/^HTTP\/1\.1 (2|5)/)
  expect((await store.getMemory('x')).version).toBe(1)
})

test('Content-Length with chunked coding never smuggles a second request', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'x' })
  const hidden = 'DELETE /memory/x HTTP/1.1\r\nHost: localhost\r\nX: '
  const text = `POST /memory/reinforce HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${hidden.length + 7}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n${hidden}`
  await raw(server.port, text).catch(() => '')
  expect((await store.getMemory('x')).version).toBe(1)
})

test('a write that is sent again with its Idempotency-Key is done once', async () => {
  const { ask, store } = await serve()
  const headers = { 'Idempotency-Key': randomUUID() }
  const add = () => ask('POST', '/memory/add', { headers, body: { content: 'once' } })
  const replies = await Promise.all([add(), add(), add()])
  expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1)
  expect(replies.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(2)
  const again = await add()
  expect(again).toMatchObject({ status: 200, body: { id: replies[0]?.body.id }, headers: { etag: '"1"' } })
  expect((await store.stats()).memories).toBe(1)
  const other = await ask('POST', '/memory/add', { headers, body: { content: 'another' } })
  expect(other).toMatchObject({ status: 400, body: { field: 'Idempotency-Key' } })
})

test('an Idempotency-Key of one tenant means nothing to another', async () => {
  const { ask } = await serve({ apiKeys: ['ann=ann-key-0123456789', 'bob=bob-key-0123456789'] })
  const add = (key: string) =>
    ask('POST', '/memory/add', { key, headers: { 'Idempotency-Key': 'same' }, body: { content: 'x' } })
  const [ann, bob] = [await add('ann-key-0123456789'), await add('bob-key-0123456789')]
  expect(bob.body.id).not.toBe(ann.body.id)
})

test('closing finishes requests in progress, and then stops listening', async () => {
  const { ask, server, store } = await serve()
  const writes = Array.from({ length: 30 }, (_, n) =>
    ask('POST', '/memory/add', { body: { id: `m${n}`, content: `note ${n}` } }),
  )
  await writes[0]
  const [statuses] = await Promise.all([Promise.allSettled(writes), server.close(), server.close()])
  const done = statuses.flatMap((outcome) =>
    outcome.status === 'fulfilled' && outcome.value.status === 200 ? [outcome.value.body.id] : [],
  )
  expect(done.length).toBeGreaterThan(0)
  for (const id of done) expect((await store.getMemory(id)).version).toBe(1)
  await expect(ask('GET', '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a port in use is reported as such', async () => {
  const { server, store } = await serve()
  await expect(store.serve({ port: server.port })).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
})

test.each([
  [{ port: -1 }, 'port'],
  [{ port: 1.5 }, 'port'],
  [{ host: '' }, 'host'],
  [{ host: 'no.such.host.invalid' }, 'host'],
  [{ apiKeys: 'key' }, 'apiKeys'],
  [{ rateLimit: { requests: 0, seconds: 1 } }, 'rateLimit.requests'],
  [{ timeoutMs: 5 }, 'timeoutMs'],
  [{ log: 'trace' }, 'log'],
  [{ colour: 'red' }, 'colour'],
])('serve(%j) is refused by name', async (options, field) => {
  const { store } = await serve()
  await expect(store.serve({ port: 0, ...(options as object) })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field,
  })
})

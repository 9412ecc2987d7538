// How does the server handle malformed HTTP? No request can smuggle another one, and none is processed as if it were valid.

import { expect, test } from '@jest/globals'
import { raw, statuses } from '../helpers/raw'
import { serve } from '../helpers/server'

const HIDDEN = 'DELETE /memory/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const POST = 'POST /memory/reinforce HTTP/1.1\r\nHost: localhost\r\n'
const GET = 'GET /memory/x HTTP/1.1\r\nHost: localhost\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const many = (count: number) => Array.from({ length: count }, (_, n) => `X-${n}: y\r\n`).join('')

/** Each is followed by the hidden request: as a body, or as what a confused server would take for the next request. */
const MALFORMED: Record<string, string> = {
  'two lengths': `${POST}Content-Length: 2\r\nContent-Length: ${HIDDEN.length}\r\n\r\n{}`,
  'two lengths in one header': `${POST}Content-Length: 2, ${HIDDEN.length}\r\n\r\n{}`,
  'a length with a sign': `${POST}Content-Length: +2\r\n\r\n{}`,
  'a negative length': `${POST}Content-Length: -2\r\n\r\n{}`,
  'a length in hexadecimal': `${POST}Content-Length: 0x2\r\n\r\n{}`,
  'a length with a space in it': `${POST}Content-Length: 2 2\r\n\r\n{}`,
  'a length beyond 64 bits': `${POST}Content-Length: 18446744073709551618\r\n\r\n{}`,
  'an empty length': `${POST}Content-Length: \r\n\r\n{}`,
  'an unknown coding': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunked that is not the last coding': `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  'a coding after a tab of another kind': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'a negative chunk': `${POST}${CHUNKED}\r\n-1\r\n\r\n`,
  'a chunk of no size': `${POST}${CHUNKED}\r\n\r\n\r\n`,
  'a chunk size that is no number': `${POST}${CHUNKED}\r\nzz\r\n\r\n`,
  'a chunk size with 0x': `${POST}${CHUNKED}\r\n0x2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size with a space before it': `${POST}${CHUNKED}\r\n 2\r\n{}\r\n0\r\n\r\n`,
  'a chunk size beyond 64 bits': `${POST}${CHUNKED}\r\n10000000000000002\r\n{}\r\n0\r\n\r\n`,
  'a chunk longer than it says': `${POST}${CHUNKED}\r\n1\r\n{}\r\n0\r\n\r\n`,
  'a line break after the chunk size that is none': `${POST}${CHUNKED}\r\n2\n{}\r\n0\r\n\r\n`,
  'trailers without end': `${POST}${CHUNKED}\r\n0\r\n${many(2000)}\r\n`,
  'a folded header': `${POST}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}`,
  'a folded length': `${POST}Content-Length:\r\n 2\r\n\r\n{}`,
  'a space before the colon': `${POST}Content-Length : 2\r\n\r\n{}`,
  'a header without a name': `${POST}: x\r\nContent-Length: 2\r\n\r\n{}`,
  'a header without a colon': `${POST}nothing\r\nContent-Length: 2\r\n\r\n{}`,
  'a NUL in a header': `${POST}X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}`,
  'a carriage return in a header': `${POST}X-A: a\rContent-Length: 2\r\n\r\n{}`,
  'a header name that is not ASCII': `${POST}X-é: a\r\nContent-Length: 2\r\n\r\n{}`,
  '101 headers': `${GET}${many(100)}\r\n`,
  'a header of 600 kB': `${GET}X-A: ${'b'.repeat(600_000)}\r\n\r\n`,
  'a path of 70 kB': `GET /memory/${'x'.repeat(70_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  'a query of 600 kB': `GET /memory/all?user_id=${'x'.repeat(600_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  'HTTP/0.9': 'GET /memory/x\r\n\r\n',
  'HTTP/2 by name': 'GET /memory/x HTTP/2.0\r\nHost: localhost\r\n\r\n',
  'HTTP/3 by name': 'GET /memory/x HTTP/3.0\r\nHost: localhost\r\n\r\n',
  'HTTP/1.2': 'GET /memory/x HTTP/1.2\r\nHost: localhost\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'no version': 'GET /memory/x \r\nHost: localhost\r\n\r\n',
  'two spaces': 'GET  /memory/x HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a space in the path': 'GET /memory/x y HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a NUL in the path': 'GET /memory/x\0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a method with a slash': 'GE/T /memory/x HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'bytes that are no text': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
}

/** Asks that may be taken as what they say, and must then be taken so. */
const ODD: Record<string, [string, number]> = {
  'a whole address as its path': ['GET http://localhost/memory/x HTTP/1.1\r\nHost: localhost\r\n', 200],
  'an upgrade to HTTP/2': [
    `${GET}Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n`,
    200,
  ],
  'an upgrade to a socket': [`${GET}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`, 200],
  'HTTP/1.0': ['GET /memory/x HTTP/1.0\r\nHost: localhost\r\n', 200],
  'an empty line before it': [`\r\n${GET}`, 200],
  'another method than the header says': [`${GET}X-HTTP-Method-Override: DELETE\r\n`, 200],
  'another address than the header says': [`${GET}X-Original-URL: /memory/all\r\nX-Rewrite-URL: /metrics\r\n`, 200],
  CONNECT: ['CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n', 404],
  TRACE: ['TRACE /memory/x HTTP/1.1\r\nHost: localhost\r\n', 405],
  'an unknown method': ['BREW /memory/x HTTP/1.1\r\nHost: localhost\r\n', 405],
}

test('what breaks HTTP is refused, and hides no other request', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept' })
  await Promise.all(
    Object.entries(MALFORMED).map(async ([what, head]) => {
      const answer = await raw(server.port, Buffer.from(head + HIDDEN, 'latin1'), 1000)
      const received = statuses(answer)
      expect([
        what,
        received.length <= 1,
        received.filter((status) => ![400, 404, 405, 414, 431, 505].includes(status)),
      ]).toEqual([...[what, true, []]])
    }),
  )
  expect(await store.getMemory('x')).toMatchObject({ content: 'kept', version: 1 })
  expect((await store.stats()).memories).toBe(1)
})

test('an unusual request is handled as one request', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept' })
  await Promise.all(
    Object.entries(ODD).map(async ([what, [head, status]]) => {
      const answer = await raw(server.port, `${head}Connection: close\r\n\r\n`)
      expect([what, statuses(answer)]).toEqual([what, [status]])
    }),
  )
  expect((await store.getMemory('x')).version).toBe(1)
})

test('two pipelined requests are handled as two, whatever their lengths', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept' })
  const body = '{"id":"x","boost":0.1}'
  const first = `${POST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const chunked = `${POST}${CHUNKED}\r\n${body.length.toString(16)};name=value\r\n${body}\r\n0\r\nX-Trailer: 1\r\n\r\n`
  const answer = await raw(server.port, `${first}${chunked}${GET}Connection: close\r\n\r\n`)
  expect(statuses(answer)).toEqual([200, 200, 200])
})

test('Content-Length with a coding never smuggles a second request', async () => {
  const { server, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept' })
  const ends = '0\r\n\r\n'
  const both = [
    `Content-Length: ${ends.length + HIDDEN.length}\r\n${CHUNKED}`,
    `${CHUNKED}Content-Length: ${ends.length + HIDDEN.length}\r\n`,
    `Content-Length: ${ends.length}\r\n${CHUNKED}`,
    `Content-Length: 0\r\n${CHUNKED}`,
    'Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n',
  ]
  for (const headers of both) {
    const answer = await raw(server.port, `${POST}${headers}\r\n${ends}${HIDDEN}`)
    expect([headers, statuses(answer).length <= 1]).toEqual([headers, true])
  }
  expect((await store.getMemory('x')).version).toBe(1)
})

test('compressed request bodies are not decompressed', async () => {
  const { ask, store } = await serve()
  const { gzipSync } = require('node:zlib') as typeof import('node:zlib')
  const bomb = gzipSync(Buffer.alloc(10 << 20, ' '))
  for (const coding of ['gzip', 'br', 'deflate', 'gzip, gzip']) {
    const reply = await ask('POST', '/memory/add', { body: bomb, headers: { 'content-encoding': coding } })
    expect([coding, reply.status, reply.body.field]).toEqual([coding, 400, 'body'])
  }
  expect((await store.stats()).memories).toBe(0)
})

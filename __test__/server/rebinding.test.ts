// Can a web page reach a server without keys, by a name that leads to this machine or by its own? No page but those of here.

import { expect, test } from '@jest/globals'
import { raw, statuses } from '../helpers/raw'
import { serve } from '../helpers/server'

const OWN_HOSTS = [
  'localhost',
  'LocalHost',
  'localhost:1',
  '127.0.0.1',
  '127.0.0.1:8080',
  '127.9.9.9',
  '[::1]',
  '[::1]:80',
]
const OTHER_HOSTS = [
  ...['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '127.0.0.1.nip.io'],
  ...['evillocalhost', 'localhost-evil', 'evil.example#localhost', 'evil.example/localhost', 'localhost@evil.example'],
  ...['localhost:x@evil.example', '0.0.0.0', '[::]', '10.0.0.1', '192.168.0.1', '169.254.169.254', '[::ffff:10.0.0.1]'],
  ...['localhost, evil.example', 'evil.example, localhost', 'localhost evil.example', '2130706433', '0x7f.1', '*'],
]
const OWN_ORIGINS = ['http://localhost', 'http://localhost:3000', 'https://127.0.0.1:8443', 'http://[::1]:5173']
const OTHER_ORIGINS = [
  ...['null', 'https://evil.example', 'http://localhost.evil.example', 'http://evil.example/localhost', 'file://', '*'],
  ...['http://localhost@evil.example', 'http://localhost:80@evil.example', 'chrome-extension://localhost.evil', ''],
  ...['http://127.0.0.1.nip.io', 'http://localhost, https://evil.example', 'https://evil.example#http://localhost'],
]

test('a name that only leads to this machine gets nothing', async () => {
  const { server, store } = await serve()
  const body = '{"content":"planted"}'
  const head = `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  for (const host of OTHER_HOSTS) {
    for (const request of ['GET /memory/all', 'POST /memory/add', 'DELETE /memory/x', 'GET /health']) {
      const answer = await raw(server.port, `${request} HTTP/1.1\r\nHost: ${host}\r\n${head}`)
      const refused = statuses(answer).every((status) => status === 403 || status === 400)
      expect([request, host, refused]).toEqual([request, host, true])
    }
  }
  for (const host of OWN_HOSTS) {
    const answer = await raw(server.port, `GET /stats HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    expect([host, statuses(answer)]).toEqual([host, [200]])
  }
  expect((await store.stats()).memories).toBe(0)
})

test('a page of another origin gets no data and no CORS headers', async () => {
  const { ask, store } = await serve()
  for (const origin of OTHER_ORIGINS) {
    const headers = { origin, 'content-type': 'text/plain' }
    for (const reply of [
      await ask('GET', '/memory/all', { headers }),
      await ask('POST', '/memory/add', { headers, body: { content: 'planted' } }),
    ]) {
      expect([origin, reply.status, reply.headers['access-control-allow-origin']]).toEqual([origin, 403, undefined])
    }
    const asked = { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'content-type' }
    const preflight = await ask('OPTIONS', '/memory/x', { headers: asked })
    expect([origin, preflight.headers['access-control-allow-origin']]).toEqual([origin, undefined])
  }
  for (const origin of OWN_ORIGINS) {
    const reply = await ask('GET', '/memory/all', { headers: { origin } })
    expect([origin, reply.status, reply.headers['access-control-allow-origin']]).toEqual([origin, 200, origin])
  }
  expect((await store.stats()).memories).toBe(0)
})

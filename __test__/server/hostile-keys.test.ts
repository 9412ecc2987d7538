// Can anything replace a valid key? No other spelling, header, method, path or cursor grants access.

import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { listen } from '../helpers/events'
import { serve } from '../helpers/server'

const [ann, bob, metrics] = ['ann-key-0123456789', 'bob-key-0123456789', 'metrics-key-0123456789']
const KEYS = { apiKeys: [`ann=${ann}`, `bob=${bob}`], metricsKey: metrics }

/** What is like a key and is none. */
const WRONG = [
  ...['', ' ', `${ann}x`, `x${ann}`, ann.slice(1), ann.slice(0, -1), ann.toUpperCase(), [...ann].reverse().join('')],
  ...[`ann=${ann}`, `=${ann}`, `"${ann}"`, `'${ann}'`, `${ann},${bob}`, `${ann} ${bob}`, `${ann};`, `${ann}%00`],
  ...[ann.replaceAll('-', '%2D'), ann.replace('-', '_'), ann.replace('a', 'á'), `${ann}\u00a0`, `${ann}\u00ad`],
  ...[Buffer.from(ann).toString('base64'), createHash('sha256').update(ann).digest('hex')],
  ...['null', 'undefined', 'true', '*', '%', '.*', '0', 'ann', 'default', '{}', 'x'.repeat(8000), "' OR '1'='1"],
]

/** Requests with a valid key in the wrong place. */
const MISPLACED: Record<string, string>[] = [
  ...['Basic', 'Digest', 'Negotiate', 'ApiKey', 'Key', 'Bearer:', 'Bearer,', 'Token=', 'Bearer Token', ''].map(
    (scheme) => ({ Authorization: `${scheme} ${ann}` }),
  ),
  ...[`Bearer${ann}`, `Bearer\t${ann}`, `Token token="${ann}"`, ann, `${ann} Bearer`].map((value) => ({
    Authorization: value,
  })),
  ...[`${ann}:`, `:${ann}`, `ann:${ann}`].map((pair) => ({
    Authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
  })),
  ...['Api-Key', 'X_API_Key', 'X-Api_Key', 'X-Auth-Token', 'Proxy-Authorization', 'X-Forwarded-User', 'Key'].map(
    (name) => ({ [name]: ann }),
  ),
  ...['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Client-IP'].map((name) => ({ [name]: '127.0.0.1' })),
  ...['api_key', 'x-api-key', 'Authorization'].map((name) => ({ Cookie: `${name}=${ann}` })),
  { 'X-API-Key': 'wrong', Authorization: `Bearer ${ann}` },
]

test('a key is accepted in no other spelling and in no other header', async () => {
  const { ask } = await serve(KEYS)
  const spelled = WRONG.flatMap((key) => [
    { 'X-API-Key': key },
    { Authorization: `Bearer ${key}` },
    { Authorization: `Token ${key}` },
  ])
  const seen = await Promise.all(
    [...spelled, ...MISPLACED].map(async (headers) => {
      const sent = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
      )
      const { status, body } = await ask('GET', '/stats', { headers: sent })
      return [headers, status, body?.err]
    }),
  )
  expect(seen.filter(([, status, err]) => status !== 401 || err !== 'auth')).toEqual([])
  expect(seen.length).toBeGreaterThan(120)
})

test('the scheme is case-insensitive and may be followed by several spaces, as in HTTP', async () => {
  const { ask } = await serve(KEYS)
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Token', 'tOKEN', 'Bearer ', 'Bearer   ']) {
    const { status } = await ask('GET', '/stats', { headers: { authorization: `${scheme} ${ann} ` } })
    expect([scheme, status]).toEqual([scheme, 200])
  }
})

test('without a key no method and no spelling of a path reveals anything', async () => {
  const { ask } = await serve(KEYS)
  await ask('POST', '/memory/add', { key: ann, body: { id: 'x', content: 'secret text' } })
  const paths = [
    ...[
      '//memory/x',
      '/memory/x/',
      '/MEMORY/x',
      '/%6demory/x',
      '/./memory/x',
      '/health/../memory/x',
      '/docs/..%2Fstats',
    ],
    ...[
      '/health%2F..%2Fmemory%2Fx',
      '/openapi.json/../stats',
      '/health;/memory/x',
      '/docs/memory/x',
      '/health/memory/x',
    ],
    ...[`/memory/x?api_key=${ann}`, `/memory/x?key=${ann}&token=${ann}`, `/memory/x?x-api-key=${ann}`, '/metrics'],
    ...['/metrics/', '//metrics', '/v1/memories/', '/api/v1/memories', '/v2/memories/?page=1', '/%2e%2e/stats'],
  ]
  for (const path of paths) {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'BREW']) {
      const { status, text } = await ask(method, path)
      expect([method, path, [200, 401, 404, 405].includes(status), text.includes('secret')]).toEqual([
        ...[method, path, true, false],
      ])
      // Only OPTIONS is answered without a key, and reveals nothing.
      if (status === 200) expect([method, path, text]).toEqual(['OPTIONS', path, ''])
    }
  }
  expect((await ask('GET', '/memory/x', { key: ann })).body.version).toBe(1)
})

test('a key for metrics opens /metrics, however it is spelled, and no other route', async () => {
  const { ask } = await serve(KEYS)
  const spelled = [
    ...['/metrics', '//metrics', '/metrics/', '/Metrics', '/%6detrics', '/./metrics', '/metrics?x=/stats', '/metrics;'],
    ...['/metrics/../stats', '/metrics%2F..%2Fstats', '/stats?/metrics', '/memory/metrics', '/v1/metrics'],
  ]
  for (const path of spelled) {
    const { status, text } = await ask('GET', path, { key: metrics })
    expect([path, status === 200]).toEqual([path, text.includes('openmemory_')])
  }
  const { body } = await ask('GET', '/openapi.json')
  const open = ['/health', '/openapi.json', '/docs', '/metrics']
  for (const [path, methods] of Object.entries(body.paths as Record<string, object>)) {
    if (open.includes(path)) continue
    for (const method of Object.keys(methods)) {
      const { status } = await ask(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), { key: metrics })
      expect([method, path, status]).toEqual([method, path, 403])
    }
  }
})

test('a cursor of another tenant leads to nothing of theirs', async () => {
  const { ask, server } = await serve(KEYS)
  const items = ['a', 'b', 'c']
  for (const id of items) await ask('POST', '/memory/add', { key: ann, body: { id, content: `secret of ann ${id}` } })
  await ask('POST', '/memory/add', { key: bob, body: { id: 'a', content: 'of bob' } })
  const stream = await listen(server.port, '/watch?since=2000-01-01', { 'x-api-key': ann })
  const { id: since = '' } = (await stream.next()) ?? {}
  stream.leave()
  const { next_cursor: cursor } = (await ask('GET', '/memory/all?limit=1', { key: ann })).body
  const { next_cursor } = (await ask('POST', '/memory/list', { key: ann, body: { limit: 1 } })).body
  expect([typeof cursor, typeof next_cursor, since.startsWith('c.')]).toEqual(['string', 'string', true])
  const replies = [
    await ask('GET', `/memory/all?limit=9&cursor=${cursor}`, { key: bob }),
    await ask('POST', '/memory/list', { key: bob, body: { limit: 9, cursor: next_cursor } }),
    await ask('GET', `/watch?since=${encodeURIComponent(since)}`, { key: bob }),
    await ask('GET', '/memory/a/history?before=9', { key: bob }),
  ]
  for (const { status, text } of replies) expect([status < 500, text.includes('secret')]).toEqual([true, false])
})

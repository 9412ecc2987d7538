// Authentication: keys, tenants, and what one tenant can learn of another.

import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { expectNothingCrosses } from '../helpers/crossing'
import { refusal } from '../helpers/refusal'
import { asker, serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

interface NativeKeys {
  create(tenant: string, name: string, forMetrics: boolean): string
  list(): string
  revoke(id: string): string
}

const { Keys } = require('../../native.js') as { Keys: new (file: string) => NativeKeys }

const KEYS = { apiKeys: ['ann=ann-key-0123456789', 'bob=bob-key-0123456789', 'default=own-key-0123456789'] }
const [ann, bob, own] = ['ann-key-0123456789', 'bob-key-0123456789', 'own-key-0123456789']

test('without a key, or with a wrong one, every route but health and the document answers 401', async () => {
  const { ask } = await serve(KEYS)
  const { body } = await ask('GET', '/openapi.json')
  for (const [path, methods] of Object.entries(body.paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      for (const key of [undefined, '', 'wrong', `${ann}x`, ann?.slice(1)]) {
        const reply = await ask(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), {
          ...(key !== undefined && { key }),
        })
        expect([method, path, key, reply.status, reply.body?.err ?? reply.body?.error]).toEqual([
          ...[
            method,
            path,
            key,
            401,
            /^\/(v\d|api|memories|search|reset|configure)\b/.test(path) ? reply.body.error : 'auth',
          ],
        ])
      }
    }
  }
  expect((await ask('GET', '/health')).status).toBe(200)
})

test('a key is read from X-API-Key, Bearer and Token', async () => {
  const { ask } = await serve(KEYS)
  const ways: Record<string, string>[] = [
    { 'X-API-Key': ann as string },
    { Authorization: `Bearer ${ann}` },
    { Authorization: `Token ${ann}` },
  ]
  for (const headers of ways) expect((await ask('GET', '/stats', { headers })).status).toBe(200)
  expect((await ask('GET', '/stats', { headers: { Authorization: `Basic ${ann}` } })).status).toBe(401)
})

test('without keys a server can only listen on this machine', async () => {
  const om = openEmbedded()
  await expect(om.serve({ port: 0, host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'host',
  })
  const server = await om.serve({ port: 0, host: '0.0.0.0', apiKeys: ['a-key-of-some-length'] })
  expect((await asker(server.port)('GET', '/stats')).status).toBe(401)
})

test('the tenant default is the directory itself, and every other has a store of its own', async () => {
  const { ask, store } = await serve(KEYS)
  await store.addMemory({ id: 'x', content: 'embedded' })
  expect((await ask('GET', '/memory/x', { key: own as string })).status).toBe(200)
  expect((await ask('GET', '/memory/x', { key: ann as string })).status).toBe(404)
})

test('nothing crosses from one tenant to another, by any route', async () => {
  const { ask } = await serve(KEYS)
  await expectNothingCrosses(ask, ann as string, bob as string)
})

test('both tenants may use one id', async () => {
  const { ask } = await serve(KEYS)
  for (const key of [ann, bob] as string[]) {
    expect((await ask('POST', '/memory/add', { key, body: { id: 'crm/1', content: `of ${key}` } })).status).toBe(200)
  }
  expect((await ask('GET', '/memory/crm%2F1', { key: bob as string })).body.content).toBe(`of ${bob}`)
  expect((await ask('GET', '/stats', { key: bob as string })).body.memories).toBe(1)
})

test('keys without a tenant’s name have one each', async () => {
  const { ask } = await serve({ apiKeys: ['first-key-0123456789', 'second-key-0123456789'] })
  await ask('POST', '/memory/add', { key: 'first-key-0123456789', body: { content: 'x' } })
  expect((await ask('GET', '/stats', { key: 'first-key-0123456789' })).body.memories).toBe(1)
  expect((await ask('GET', '/stats', { key: 'second-key-0123456789' })).body.memories).toBe(0)
})

test('a made key works at once, is kept as a hash only, and is refused from the moment it is revoked', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  const made = JSON.parse(new Keys(keyFile).create('acme', 'laptop', false)).ok
  expect(made.key).toMatch(/^om_[\w-]{43}$/)
  expect(readFileSync(keyFile, 'utf8')).not.toContain(made.key)
  if (process.platform !== 'win32') expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  const { ask } = await serve({ keyFile })
  expect((await ask('GET', '/stats')).status).toBe(401)
  expect((await ask('GET', '/stats', { key: made.key })).status).toBe(200)

  const second = JSON.parse(new Keys(keyFile).create('acme', 'phone', false)).ok
  await ask('POST', '/memory/add', { key: made.key, body: { content: 'x' } })
  expect((await ask('GET', '/stats', { key: second.key })).body.memories).toBe(1)
  const listed = JSON.parse(new Keys(keyFile).list()).ok
  expect(listed).toMatchObject([
    { name: 'laptop', tenant: 'acme' },
    { name: 'phone', tenant: 'acme' },
  ])
  expect(JSON.stringify(listed)).not.toMatch(/hash|om_/)

  expect(JSON.parse(new Keys(keyFile).revoke(made.id)).ok.revoked_at).toBeDefined()
  expect((await ask('GET', '/stats', { key: made.key })).status).toBe(401)
  expect((await ask('GET', '/stats', { key: second.key })).status).toBe(200)
  expect(JSON.parse(new Keys(keyFile).revoke('key_none')).error.code).toBe('NOT_FOUND')
})

test('an open server requires keys once there is one', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  const { ask } = await serve({ keyFile })
  expect((await ask('GET', '/stats')).status).toBe(200)
  const { key } = JSON.parse(new Keys(keyFile).create('default', 'first', false)).ok
  expect((await ask('GET', '/stats')).status).toBe(401)
  expect((await ask('GET', '/stats', { key })).status).toBe(200)
})

test('metrics count over all tenants, so only a key made for them reads them, and reads nothing else', async () => {
  const { ask } = await serve({ ...KEYS, metricsKey: 'metrics-key-0123456789' })
  expect(await ask('GET', '/metrics', { key: ann as string })).toMatchObject({
    status: 403,
    body: { err: 'forbidden' },
  })
  const { status, text } = await ask('GET', '/metrics', { key: 'metrics-key-0123456789' })
  expect(status).toBe(200)
  expect(text).toMatch(/openmemory_http_requests_total\{method="GET",route="\/metrics",status="403"\} 1/)
  expect((await ask('GET', '/stats', { key: 'metrics-key-0123456789' })).status).toBe(403)
})

const UNFIT = [
  'A B=a-key-of-some-length',
  'a key with spaces',
  'ann=',
  'ann=1',
  'ann=fifteen-letters',
  'ann=ключ-ключ-ключ',
]

test.each(UNFIT)('the key %j is rejected at startup and not printed', async (key) => {
  const refused = await refusal(openEmbedded().serve({ port: 0, apiKeys: ['bob=a-key-of-some-length', key] }))
  expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'apiKeys' })
  expect(refused.message).not.toContain(key)
  const metricsKey = key.replace('ann=', '') || '1'
  expect(await refusal(openEmbedded().serve({ port: 0, metricsKey }))).toMatchObject({ field: 'metricsKey' })
})

test('no tenant can have the name of a device of Windows, so that a directory can move there', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  const keys = new Keys(keyFile)
  for (const name of ['con', 'nul', 'aux', 'prn', 'com1', 'lpt9', 'nul.txt', 'con.', 'con ', 'CON']) {
    const { error } = JSON.parse(keys.create(name, 'laptop', false))
    expect([name, error?.code, error?.field]).toEqual([name, 'INVALID_ARGUMENT', 'tenant'])
  }
  expect(JSON.parse(keys.list()).ok).toEqual([])
  const refused = await refusal(openEmbedded().serve({ port: 0, apiKeys: [`con=${ann}`] }))
  expect(refused).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'apiKeys' })
  expect(JSON.parse(keys.create('console', 'laptop', false)).ok).toMatchObject({ tenant: 'console' })
})

test('one key cannot be for two tenants', async () => {
  const apiKeys = ['ann=a-key-of-some-length', 'bob=a-key-of-some-length']
  expect(await refusal(openEmbedded().serve({ port: 0, apiKeys }))).toMatchObject({ field: 'apiKeys' })
})

test('a key file that cannot be read is refused at the start', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  mkdirSync(keyFile)
  expect(await refusal(openEmbedded().serve({ port: 0, keyFile }))).toMatchObject({
    ...{ code: 'IO', details: { field: 'keyFile' } },
  })
  rmdirSync(keyFile)
  writeFileSync(keyFile, '{"version": 1, "ke')
  const refused = await refusal(openEmbedded().serve({ port: 0, keyFile }))
  expect(refused).toMatchObject({ code: 'CORRUPTED', details: { field: 'keyFile' } })
})

test('while the key file cannot be read keys stay what they were', async () => {
  const keyFile = join(freshDirectory(), 'keys.json')
  const keys = new Keys(keyFile)
  const [kept, revoked] = ['kept', 'revoked'].map((name) => JSON.parse(keys.create('acme', name, false)).ok)
  const { ask } = await serve({ keyFile })
  const statuses = async (...made: { key: string }[]) =>
    Promise.all(made.map(async ({ key }) => (await ask('GET', '/stats', { key })).status))
  keys.revoke(revoked.id)
  expect(await statuses(kept, revoked)).toEqual([200, 401])
  const made = JSON.parse(keys.create('acme', 'made meanwhile', false)).ok
  const text = readFileSync(keyFile)
  writeFileSync(keyFile, text.subarray(0, 100))
  expect(await statuses(kept, revoked, made)).toEqual([200, 401, 401])
  writeFileSync(keyFile, text)
  expect(await statuses(kept, revoked, made)).toEqual([200, 401, 200])
})

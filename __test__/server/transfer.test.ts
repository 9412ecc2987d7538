// Exports, imports and backups over HTTP, with curl as well as with the client.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as begin } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { fillLively } from '../helpers/lively-store'
import { refusal } from '../helpers/refusal'
import { serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

const [ann, bob] = ['ann-key-0123456789', 'bob-key-0123456789']
const KEYS = { apiKeys: [`ann=${ann}`, `bob=${bob}`] }
const lines = { 'content-type': 'application/jsonl' }

test('GET /export answers the lines that exportTo writes, and POST /import takes them', async () => {
  const { ask, store } = await serve()
  await fillLively(store)
  const file = join(freshDirectory(), 'memories.jsonl')
  await store.exportTo(file)
  const exported = await ask('GET', '/export')
  expect(exported).toMatchObject({ status: 200, headers: { 'content-type': 'application/jsonl' } })
  expect(exported.text).toBe(readFileSync(file, 'utf8'))

  const other = await serve()
  const report = { imported: 6, replaced: 0, skipped: 0, tombstones: 2, failed: 0, errors: [] }
  expect(await other.ask('POST', '/import', { body: exported.text, headers: lines })).toMatchObject({
    ...{ status: 200, body: report },
  })
  expect((await other.ask('GET', '/export')).text).toBe(exported.text)
  const again = await other.ask('POST', '/import?onConflict=skip', { body: exported.text, headers: lines })
  expect(again.body).toMatchObject({ imported: 0, skipped: 6 })
})

test('filters in the URL or the body select what is exported', async () => {
  const { ask, store } = await serve()
  await store.addMemories([
    { id: 'a', content: 'one', tags: ['x'] },
    { id: 'b', content: 'two' },
  ])
  const filters = { tags: 'x' }
  const byAddress = await ask('GET', `/export?filters=${encodeURIComponent(JSON.stringify(filters))}`)
  const byBody = await ask('POST', '/export', { body: { filters } })
  for (const { text } of [byAddress, byBody]) expect(text.split('\n')).toHaveLength(4)
  expect(byBody.text).toBe(byAddress.text)
  for (const [path, field] of [
    ['/export?filters={', 'filters'],
    ['/export?filters={"colour":1}', 'filters.colour'],
    ['/export?colour=red', 'colour'],
  ] as const) {
    expect(await ask('GET', encodeURI(path))).toMatchObject({ status: 400, body: { err: 'invalid', field } })
  }
})

test('an export of many pieces is the same as the file, also while the client is slow', async () => {
  const { store, server } = await serve()
  for (let n = 0; n < 4; n++) {
    await store.addMemories(Array.from({ length: 1000 }, (_, i) => ({ content: `${n} ${i} ${'long '.repeat(200)}` })))
  }
  const file = join(freshDirectory(), 'memories.jsonl')
  await store.exportTo(file)
  const hash = createHash('sha256')
  await new Promise((resolve, reject) => {
    begin({ port: server.port, path: '/export' }, (response) => {
      response.on('data', (chunk) => {
        hash.update(chunk)
        response.pause()
        setImmediate(() => response.resume())
      })
      response.on('end', resolve).on('error', reject)
    }).end()
  })
  expect(hash.digest('hex')).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
})

test('exports whose clients go away hold nothing back', async () => {
  const { ask, store, server } = await serve()
  await store.addMemories(Array.from({ length: 300 }, (_, n) => ({ content: `${n} ${'long '.repeat(2000)}` })))
  for (let n = 0; n < 20; n++) {
    await new Promise((resolve) => {
      begin({ port: server.port, path: '/export', agent: false }, (response) => {
        response.once('data', () => resolve(response.destroy()))
      }).end()
    })
  }
  expect((await ask('GET', '/export')).text).toContain('{"end":true,"memories":300')
})

test('lines that are wrong or damaged are the sender’s fault, and change nothing', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ content: 'one' })
  const { text } = await ask('GET', '/export')
  const before = await store.stats()
  for (const [body, code] of [
    [text.slice(0, -30), 'CORRUPTED'],
    [text.replace('one', 'two'), 'CORRUPTED'],
    [text.replace('"format_version":1', '"format_version":9'), 'FORMAT_UNSUPPORTED'],
    ['id,content\n', 'INVALID_ARGUMENT'],
    ['', 'INVALID_ARGUMENT'],
  ] as const) {
    const reply = await ask('POST', '/import', { body, headers: lines })
    expect([code, reply.status, reply.body.err, reply.body.code]).toEqual([code, 400, 'invalid', code])
  }
  expect((await ask('POST', '/import?onConflict=guess', { body: text })).body.field).toBe('onConflict')
  expect((await store.stats()).memories).toBe(before.memories)
})

test('an import of more bytes than a body may have is streamed', async () => {
  const { ask, store } = await serve()
  const version = {
    version: 1,
    event: 'ADD',
    updated_at: '2024-01-01',
    content: 'x',
    metadata: { long: 'x'.repeat(30_000) },
  }
  const memories = Array.from({ length: 200 }, (_, n) => ({
    id: `m${n}`,
    created_at: '2024-01-01',
    versions: [version],
  }))
  const header = { format: 'openmemory-export', format_version: 1 }
  const body = [header, ...memories, { end: true }].map((line) => `${JSON.stringify(line)}\n`).join('')
  expect(body.length).toBeGreaterThan(4 << 20)
  expect((await ask('POST', '/import', { body, headers: lines })).body).toMatchObject({ imported: 200 })
  expect((await store.stats()).memories).toBe(200)
})

test('a client that accepts NDJSON gets the progress of an import', async () => {
  const { ask, store } = await serve()
  await store.addMemories(Array.from({ length: 200 }, (_, n) => ({ content: `note ${n}` })))
  const { text: body } = await ask('GET', '/export')
  const headers = { ...lines, accept: 'application/jsonl' }
  const { text } = await ask('POST', '/import', { body, headers })
  const received = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(received[0]).toEqual({ done: 0, total: 200 })
  expect(received.at(-1)).toMatchObject({ imported: 0, skipped: 200 })
})

test('one tenant’s export holds nothing of another, and its import goes nowhere else', async () => {
  const { ask } = await serve(KEYS)
  await ask('POST', '/memory/add', { key: ann, body: { id: 'a', content: 'of ann' } })
  await ask('POST', '/memory/add', { key: bob, body: { id: 'b', content: 'of bob' } })
  const { text } = await ask('GET', '/export', { key: bob })
  expect(text).toContain('of bob')
  expect(text).not.toContain('of ann')
  expect((await ask('POST', '/import', { key: ann, body: text, headers: lines })).body).toMatchObject({ imported: 1 })
  expect((await ask('GET', '/stats', { key: ann })).body.memories).toBe(2)
  expect((await ask('GET', '/stats', { key: bob })).body.memories).toBe(1)
  expect((await ask('POST', '/import', { body: text, headers: lines })).status).toBe(401)
})

test('a backup goes to the directory that the server was given, under the tenant’s name', async () => {
  const backupDir = join(freshDirectory(), 'backups')
  const { ask, server } = await serve({ ...KEYS, backupDir })
  await ask('POST', '/memory/add', { key: ann, body: { id: 'a', content: 'kept' } })
  const made = await ask('POST', '/backup', { key: ann, body: { name: 'monday' } })
  expect(made).toMatchObject({ status: 200, body: { name: 'monday', memories: 1, bytes: expect.any(Number) } })
  expect((await ask('POST', '/backup', { key: bob, body: { name: 'monday' } })).body).toMatchObject({ memories: 0 })
  const copy = openEmbedded({ path: join(backupDir, 'ann', 'monday') })
  expect(await copy.getMemory('a')).toMatchObject({ content: 'kept' })

  const again = await ask('POST', '/backup', { key: ann, body: { name: 'monday' } })
  expect(again).toMatchObject({ status: 400, body: { err: 'invalid', field: 'name' } })
  for (const name of ['', '..', '../bob/monday', 'a/b', '/tmp/x', 'A', 'x'.repeat(65), 'con', 'com1', 7, null]) {
    const reply = await ask('POST', '/backup', { key: ann, body: { name } })
    expect([name, reply.status, reply.body.field]).toEqual([name, 400, 'name'])
  }
  expect((await ask('POST', '/backup', { key: ann, body: { name: 'x', dir: '/tmp' } })).body.field).toBe('dir')
  expect(readdirSync(backupDir).sort()).toEqual(['ann', 'bob'])

  const remote = new OpenMemory({ url: server.url, apiKey: ann })
  expect(await remote.backup('tuesday')).toEqual({ memories: 1, bytes: expect.any(Number) })
  expect(await refusal(remote.backup('tuesday'))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'name' },
  })
  await remote.close()
})

test('without a directory for them backups are refused', async () => {
  const { ask, server } = await serve()
  expect(await ask('POST', '/backup', { body: { name: 'x' } })).toMatchObject({
    status: 403,
    body: { err: 'forbidden' },
  })
  const remote = new OpenMemory({ url: server.url })
  expect((await refusal(remote.backup('x'))).code).toBe('FORBIDDEN')
  await remote.close()
})

test('a file is not sent to a server that rejects it, and the error is reported', async () => {
  const { server } = await serve(KEYS)
  const file = join(freshDirectory(), 'large.jsonl')
  writeFileSync(file, 'x'.repeat(20 << 20))
  const remote = new OpenMemory({ url: server.url, apiKey: 'unknown' })
  expect((await refusal(remote.importFrom(file))).code).toBe('UNAUTHORIZED')
  await remote.close()
})

test('an export restarts after a lost connection, and leaves no file if it fails', async () => {
  const { store, server } = await serve()
  await store.addMemories(Array.from({ length: 500 }, (_, n) => ({ content: `${n} ${'long '.repeat(200)}` })))
  let breaks = 1
  const breaking = createServer((socket) => {
    begin({ port: server.port, path: '/export' }, (response) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      let cut = breaks-- > 0
      response.on('data', (chunk: Buffer) => {
        if (socket.destroyed) return
        socket.write(`${chunk.length.toString(16)}\r\n`)
        socket.write(chunk)
        socket.write('\r\n')
        if (cut) socket.destroySoon()
        cut = false
      })
      response.on('end', () => socket.end('0\r\n\r\n'))
    }).end()
    socket.on('error', () => {})
  }).listen(0)
  const { port } = breaking.address() as { port: number }
  const remote = new OpenMemory({ url: `http://127.0.0.1:${port}` })
  const folder = freshDirectory()
  expect(await remote.exportTo(join(folder, 'a.jsonl'))).toMatchObject({ memories: 500 })
  breaks = 100
  expect((await refusal(remote.exportTo(join(folder, 'b.jsonl')))).code).toBe('UNAVAILABLE')
  expect(readdirSync(folder)).toEqual(['a.jsonl'])
  await remote.close()
  breaking.close()
}, 30_000)

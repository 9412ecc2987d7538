// What can a file do that comes from a stranger? It is imported right, or refused and changes nothing.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const headers = { 'content-type': 'application/jsonl' }
const header = { format: 'openmemory-export', format_version: 1 }
const version = { version: 1, event: 'ADD', updated_at: '2024-01-01T00:00:00Z', content: 'x' }
const memory = { id: 'm', created_at: '2024-01-01', versions: [version] }
const end = { end: true }
const link = { id: 'first', weight: 0.5, created_at: '2024-01-01', updated_at: '2024-01-01' }
const versions = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...{ version: count - n, event: count - n === 1 ? 'ADD' : 'UPDATE', updated_at: '2024-01-01T00:00:00Z' },
    ...{ content: 'x', tags: [`t${(count - n) % 7}`] },
  }))
const text = (...lines: unknown[]) =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')

const REFUSED: [string, string | Buffer, string][] = [
  ['no end', text(header, memory), 'CORRUPTED'],
  ['two ends', text(header, memory, end, end), 'CORRUPTED'],
  ['a memory after the end', text(header, end, memory), 'CORRUPTED'],
  ['a count that is wrong', text(header, memory, { ...end, memories: 7 }), 'CORRUPTED'],
  ['a hash that is wrong', text(header, memory, { ...end, blake3: '0'.repeat(64) }), 'CORRUPTED'],
  ['no header', text(memory, end), 'INVALID_ARGUMENT'],
  ['two headers', text(header, header, memory, end), 'INVALID_ARGUMENT'],
  ['another format', text({ ...header, format: 'x' }, memory, end), 'INVALID_ARGUMENT'],
  ['version 2 of the format', text({ ...header, format_version: 2 }, memory, end), 'FORMAT_UNSUPPORTED'],
  ['version 2^64 of the format', text({ ...header, format_version: 2 ** 64 }, memory, end), 'INVALID_ARGUMENT'],
  ...[0, -1, 1.5, 2, 2 ** 53, '1', null].map((number): [string, string, string] => [
    `version ${number} as the first`,
    text(header, { ...memory, versions: [{ ...version, version: number }] }, end),
    'INVALID_ARGUMENT',
  ]),
  ['a version twice', text(header, { ...memory, versions: [version, version] }, end), 'INVALID_ARGUMENT'],
  [
    '__proto__ as a field',
    text(header, '{"id":"m","created_at":"2024-01-01","versions":[],"__proto__":{}}', end),
    'INVALID_ARGUMENT',
  ],
  ['NUL in an id', text(header, { ...memory, id: 'a\0b' }, end), 'INVALID_ARGUMENT'],
  ['an id of 257 characters', text(header, { ...memory, id: 'x'.repeat(257) }, end), 'LIMIT_EXCEEDED'],
  [
    'a text that is too long',
    text(header, { ...memory, versions: [{ ...version, content: 'x'.repeat(200_001) }] }, end),
    'LIMIT_EXCEEDED',
  ],
  [
    'deep metadata',
    text(
      header,
      `{"id":"m","created_at":"2024-01-01","versions":[{"version":1,"event":"ADD","updated_at":"2024-01-01","content":"x","metadata":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}]}`,
      end,
    ),
    'LIMIT_EXCEEDED',
  ],
  ['100 000 brackets', text(header, '['.repeat(100_000), end), 'INVALID_ARGUMENT'],
  ['a lone surrogate', text(header, JSON.stringify(memory).replace('"x"', '"\\ud800"'), end), 'INVALID_ARGUMENT'],
  [
    'bytes that are no UTF-8',
    Buffer.from(text(header, memory, end).replace('"x"', '"\xff"'), 'latin1'),
    'INVALID_ARGUMENT',
  ],
  ['a compressed file', gzipSync(text(header, memory, end)), 'INVALID_ARGUMENT'],
]

test.each(REFUSED)('a file with %s is refused, and nothing of it is imported', async (_, body, code) => {
  const { ask, store } = await serve()
  const good = text({ ...memory, id: 'good' })
  const at = body.indexOf('\n') + 1
  const whole = Buffer.concat([Buffer.from(body).subarray(0, at), Buffer.from(good), Buffer.from(body).subarray(at)])
  const { status, body: error } = await ask('POST', '/import', { body: whole, headers })
  expect([status, error.err === 'invalid' || error.err === 'limit', error.code]).toEqual([
    ...[code === 'LIMIT_EXCEEDED' ? 413 : 400, true, code],
  ])
  expect((await store.stats()).memories).toBe(0)
})

test('large and unusual but valid values are imported unchanged', async () => {
  const path = freshDirectory()
  const { ask, store } = await serve({}, { path: join(path, 'store') })
  const lines = [
    { ...memory, id: 'first' },
    { ...memory, id: '../../../etc/passwd' },
    { ...memory, id: 'many versions', versions: versions(5000) },
    { ...memory, id: 'many links', waypoints: Array.from({ length: 20_000 }, () => link) },
    { ...memory, id: 'future', created_at: '9999-12-30', versions: [{ ...version, updated_at: '9999-12-30' }] },
    '\n'.repeat(200_000),
    '{"id":"proto","created_at":"2024-01-01","versions":[{"version":1,"event":"ADD","updated_at":"2024-01-01","content":"x","metadata":{"__proto__":{"a":1}}}]}',
    { deleted: '..', deleted_at: '2024-01-01', version: 1 },
  ]
  const { status, body } = await ask('POST', '/import', { body: text(header, ...lines, end), headers })
  expect([status, body.imported, body.failed]).toEqual([200, 6, 0])
  expect(readdirSync(path)).toEqual(['store'])
  expect(await store.getMemory('../../../etc/passwd')).toMatchObject({ content: 'x', version: 1 })
  expect(await store.getMemory('many versions')).toMatchObject({ version: 5000, tags: ['t2'] })
  expect(await store.getMemory('many versions', { version: 3 })).toMatchObject({ version: 3, tags: ['t3'] })
  expect((await store.getWaypoints('many links')).length).toBeLessThanOrEqual(64)
  expect(JSON.stringify((await store.getMemory('proto')).metadata)).toBe('{"__proto__":{"a":1}}')
  expect((await store.updateMemory('future', { tags: ['t'] })).version).toBe(2)
})

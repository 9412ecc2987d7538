// How does the server handle hostile bodies, filters, ids and headers? Each is rejected with the name of the field, or stored
// exactly; nothing else changes.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

const nested = (depth: number, open = '{"a":', inner = '1', close = '}') =>
  open.repeat(depth) + inner + close.repeat(depth)
const withMetadata = (json: string) => `{"content":"x","metadata":${json}}`
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

/** Bodies of POST /memory/add that are refused, with the field that is named. */
const REFUSED: [string, string | Buffer, string][] = [
  ['nothing', '', 'body'],
  ['white space', ' \n\t ', 'body'],
  ['null', 'null', ''],
  ['a list', '[{"content":"x"}]', ''],
  ['a string', '"x"', ''],
  ['a number', '1', ''],
  ['two documents', '{"content":"x"}{"content":"y"}', 'body'],
  ['a comma too many', '{"content":"x",}', 'body'],
  ['a comment', '{"content":"x"/* y */}', 'body'],
  ['single quotes', "{'content':'x'}", 'body'],
  ['a form', 'content=x&tags=y', 'body'],
  ['UTF-16', Buffer.from('{"content":"x"}', 'utf16le'), 'body'],
  ['a body that is cut off', '{"content":"x"', 'body'],
  ['a line break in a string', '{"content":"x\ny"}', 'body'],
  ['a lone high surrogate', '{"content":"\\ud800"}', 'body'],
  ['a lone low surrogate', '{"content":"\\udc00 x"}', 'body'],
  ['surrogates the wrong way round', '{"content":"\\udc00\\ud800"}', 'body'],
  ['an overlong slash', bytes('{"content":"', [0xc0, 0xaf], '"}'), 'body'],
  ['an overlong NUL', bytes('{"content":"', [0xe0, 0x80, 0x80], '"}'), 'body'],
  ['a surrogate in UTF-8', bytes('{"content":"', [0xed, 0xa0, 0x80], '"}'), 'body'],
  ['a code point beyond the last', bytes('{"content":"', [0xf4, 0x90, 0x80, 0x80], '"}'), 'body'],
  ['a byte that is no UTF-8', bytes('{"content":"', [0xff], '"}'), 'body'],
  ['1e999', withMetadata('{"n":1e999}'), 'body'],
  ['-1e999', withMetadata('{"n":-1e999}'), 'body'],
  ['NaN', withMetadata('{"n":NaN}'), 'body'],
  ['Infinity', withMetadata('{"n":Infinity}'), 'body'],
  ['hexadecimal', withMetadata('{"n":0x10}'), 'body'],
  ['a zero before it', withMetadata('{"n":01}'), 'body'],
  ['a plus before it', withMetadata('{"n":+1}'), 'body'],
  ['no digit before the point', withMetadata('{"n":.5}'), 'body'],
  ['2^53 + 1', withMetadata('{"n":9007199254740993}'), 'metadata.n'],
  ['-2^53 - 1', withMetadata('{"n":-9007199254740993}'), 'metadata.n'],
  ['the largest number', withMetadata('{"n":1.7976931348623157e308}'), 'metadata.n'],
  ['2^64', withMetadata('{"a":[{"n":18446744073709551616}]}'), 'metadata.a'],
  ['depth 33', withMetadata(nested(33)), 'metadata'],
  ['depth 33 of lists', withMetadata(`{"a":${nested(32, '[', '', ']')}}`), 'metadata'],
  ['depth 126', withMetadata(nested(126)), 'metadata'],
  ['depth 200', withMetadata(nested(200)), 'body'],
  ['depth 100 000', nested(100_000, '[', '', ']'), 'body'],
  ['an unknown field', '{"content":"x","colour":1}', 'colour'],
  ['__proto__ as a field', '{"content":"x","__proto__":{"admin":true}}', '__proto__'],
  ['content that is no text', '{"content":{"$ne":null}}', 'content'],
  ['content of white space', '{"content":"\\u2003\\u00a0"}', 'content'],
  ['a text that is too long', JSON.stringify({ content: 'x'.repeat(200_001) }), 'content'],
  ['a tag that is no text', '{"content":"x","tags":["a",null]}', 'tags'],
  ['tags as a text', '{"content":"x","tags":"a"}', 'tags'],
  ['65 tags', JSON.stringify({ content: 'x', tags: Array.from({ length: 65 }, (_, n) => `${n}`) }), 'tags'],
  ['metadata as a list', withMetadata('[]'), 'metadata'],
  ['metadata over 1 MiB', JSON.stringify({ content: 'x', metadata: { a: 'x'.repeat(1_048_576) } }), 'metadata'],
  ['an id of 257 characters', JSON.stringify({ content: 'x', id: 'x'.repeat(257) }), 'id'],
  ['an id with NUL', '{"content":"x","id":"a\\u0000b"}', 'id'],
  ['an id with a line break', '{"content":"x","id":"a\\nb"}', 'id'],
  ['an id that is a number', '{"content":"x","id":1}', 'id'],
  ...[
    '2024-13-01',
    '2024-02-30',
    '2024-01-01T00:00',
    '2024-01-01T25:00:00Z',
    'now',
    '+012024-01-01',
    '-000001-01-01',
    '',
  ].map((time): [string, string, string] => [
    `the time ${time}`,
    JSON.stringify({ content: 'x', expires_at: time }),
    'expires_at',
  ]),
  ...['1e20', '-1', '1704067200', 'true', '[]'].map((time): [string, string, string] => [
    `the time ${time}`,
    `{"content":"x","expires_at":${time}}`,
    'expires_at',
  ]),
]

/** Accepted bodies, and how they must be returned. */
const ACCEPTED: [string, string, Record<string, unknown>][] = [
  ['NUL in a text', '{"content":"a\\u0000b"}', { content: 'a\0b' }],
  ['a byte order mark before the body', '\ufeff{"content":"x"}', { content: 'x' }],
  ['a byte order mark in a text', '{"content":"\\ufeffx"}', { content: '\ufeffx' }],
  ['marks that turn the direction', '{"content":"\\u202ex\\u2066"}', { content: '\u202ex\u2066' }],
  ['an astral character', '{"content":"\\ud83d\\ude00"}', { content: '\u{1f600}' }],
  ['composed and decomposed', '{"content":"é e\u0301"}', { content: 'é e\u0301' }],
  ['markup', '{"content":"<script>&\\u0022;--"}', { content: '<script>&";--' }],
  ['2^53', withMetadata('{"n":9007199254740992}'), { metadata: { n: 2 ** 53 } }],
  ['-0.0', withMetadata('{"n":-0.0}'), { metadata: { n: -0 } }],
  ['5e-324', withMetadata('{"n":5e-324}'), { metadata: { n: 5e-324 } }],
  ['depth 32', withMetadata(nested(32)), { metadata: JSON.parse(nested(32)) }],
  ['__proto__', withMetadata('{"__proto__":{"a":1}}'), { metadata: JSON.parse('{"__proto__":{"a":1}}') }],
  ['constructor', withMetadata('{"constructor":{"prototype":1}}'), { metadata: { constructor: { prototype: 1 } } }],
  ['an empty key', withMetadata('{"":"x"}'), { metadata: { '': 'x' } }],
  ['a key with a dot', withMetadata('{"a.b":1,"a":{"b":2}}'), { metadata: { 'a.b': 1, a: { b: 2 } } }],
  ['an id that is a path', '{"content":"x","id":"../../../etc/passwd"}', { id: '../../../etc/passwd' }],
  ['an id that is a route', '{"content":"x","id":"all"}', { id: 'all' }],
  ['a time of the year 9999', '{"content":"x","expires_at":"9999-12-30"}', { expires_at: '9999-12-30T00:00:00.000Z' }],
]

test('a body that cannot be kept exactly is refused by the field’s name', async () => {
  const { ask, store } = await serve()
  for (const [what, body, field] of REFUSED) {
    const reply = await ask('POST', '/memory/add', { body })
    const named = String(reply.body.field ?? '')
    expect([what, reply.status === 400 || reply.status === 413, named.startsWith(field), reply.body.err]).toEqual([
      ...[what, true, true, reply.status === 413 ? 'limit' : 'invalid'],
    ])
  }
  expect((await store.stats()).memories).toBe(0)
})

test('accepted values are stored exactly', async () => {
  const { ask, store } = await serve()
  for (const [what, body, expected] of ACCEPTED) {
    const { status, body: added } = await ask('POST', '/memory/add', { body })
    expect([what, status]).toEqual([what, 200])
    const kept = await store.getMemory(added.id)
    for (const [field, value] of Object.entries(expected)) {
      expect([what, JSON.stringify(kept[field as keyof typeof kept])]).toEqual([what, JSON.stringify(value)])
    }
  }
  expect(({} as { a?: number }).a).toBeUndefined()
})

test('a field that comes twice is one of the two, and never half of both', async () => {
  const { ask, store } = await serve()
  const { status, body } = await ask('POST', '/memory/add', {
    body: '{"id":"a","id":"b","content":"one","content":"two","metadata":{"n":1,"n":2},"metadata":{"m":3}}',
  })
  if (status === 400) return expect((await store.stats()).memories).toBe(0)
  expect(await store.getMemory(body.id)).toMatchObject({ id: 'b', content: 'two', metadata: { m: 3 } })
  return expect((await store.stats()).memories).toBe(1)
})

const parts = (count: number) => Array.from({ length: count }, (_, n) => ({ tags: `t${n}` }))
const FILTERS: [string, unknown][] = [
  ['depth 33', JSON.parse(nested(33, '{"NOT":', '{"tags":"x"}', '}'))],
  ['1001 parts', { OR: parts(1001) }],
  ['1001 parts within parts', { AND: parts(40).map(() => ({ OR: parts(40) })) }],
  ['100 000 ids', { memory_ids: Array.from({ length: 100_000 }, (_, n) => `m${n}`) }],
]

test('filters beyond the limits are refused wherever there are filters, and nothing is deleted by them', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'm1', content: 'kept', tags: ['t1'] })
  const routes = ['/memory/list', '/memory/search', '/memory/query', '/memory/delete', '/export', '/watch']
  for (const [what, filters] of FILTERS) {
    for (const route of routes) {
      const query = route === '/memory/search' || route === '/memory/query' ? { query: 'x' } : {}
      const { status, body } = await ask('POST', route, { body: { ...query, filters } })
      expect([what, route, status, body.err]).toEqual([what, route, 413, 'limit'])
    }
  }
  for (const filters of [
    { $where: '1' },
    { __proto__: 1, colour: 1 },
    { tags: { regex: '.*' } },
    { OR: {} },
    'x',
    [],
    7,
  ]) {
    for (const route of routes.slice(0, 4)) {
      const { status } = await ask('POST', route, { body: { query: 'x', filters } })
      expect([filters, route, status]).toEqual([filters, route, 400])
    }
  }
  expect((await store.stats()).memories).toBe(1)
})

test('ids in paths are only ids', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept', tags: ['t'] })
  const ids = [
    ...['..', '.', '...', '%2e', '%2e%2e', '%2E%2E%2F%2E%2E', '..%2F..%2Fetc%2Fpasswd', '%2Fetc%2Fpasswd', '%5C..%5Cx'],
    ...['%252F', '%252e%252e', '%00', 'x%00', '%0a', '%0d%0aX:%20y', '%7f', '%ff', '%c0%af', '%ed%a0%80', '%', '%zz'],
    ...['x;y', 'x,y', '*', '%2A', '%20', 'x%20', '%F0%9F%98%80', 'CON', '__proto__', 'X', '..;/x', 'x'.repeat(257)],
  ]
  for (const id of ids) {
    for (const [method, path, body] of [
      ['GET', `/memory/${id}`],
      ['GET', `/memory/${id}/history`],
      ['PATCH', `/memory/${id}`, { tags: ['stolen'] }],
      ['DELETE', `/memory/${id}`],
      ['DELETE', `/v1/memories/${id}/`],
      ['POST', `/memory/${id}/restore`, { version: 1 }],
      ['POST', `/memory/${id}/retire`, {}],
    ] as const) {
      const { status } = await ask(method, path, { body })
      expect([method, path, [400, 404, 405, 413].includes(status)]).toEqual([method, path, true])
    }
  }
  expect(await store.getMemory('x')).toMatchObject({ tags: ['t'], version: 1 })
  expect((await store.stats()).memories).toBe(1)
})

test('an invalid If-Match version rejects the write', async () => {
  const { ask, store } = await serve()
  await store.addMemory({ id: 'x', content: 'kept' })
  for (const version of ['0', '"0"', '-1', '"1.0"', '1e0', '"x"', '"1", "2"', '""', '18446744073709551617', '"é"']) {
    const headers = { 'If-Match': version }
    const { status, body } = await ask('PATCH', '/memory/x', { headers, body: { tags: ['stolen'] } })
    expect([version, status, body.field]).toEqual([version, 400, 'If-Match'])
  }
  expect((await store.getMemory('x')).version).toBe(1)
})

test('an invalid cursor is rejected by name', async () => {
  const { ask, store } = await serve()
  await store.addMemories(['a', 'b', 'c'].map((content) => ({ content })))
  const { next_cursor } = (await ask('POST', '/memory/list', { body: { limit: 1 } })).body as { next_cursor: string }
  const cursors = [
    'x',
    '..',
    '0',
    '-1',
    'null',
    '{}',
    `${next_cursor}x`,
    next_cursor.slice(1),
    'x'.repeat(10_000),
    '\0',
  ]
  for (const cursor of cursors) {
    const { status, body } = await ask('POST', '/memory/list', { body: { limit: 1, cursor } })
    expect([cursor, status === 400 || status === 413, body.field]).toEqual([cursor, true, 'cursor'])
  }
})

// The filter language: each operator, AND, OR, NOT, and what is refused.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Filters, OpenMemory, type ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'

let om: OpenMemory
const path = mkdtempSync(join(tmpdir(), 'openmemory-filters-'))

beforeAll(async () => {
  om = new OpenMemory({ path, embedder: 'test' })
  await om.addMemories([
    {
      ...{ id: 'a', content: 'Apples are Red', tags: ['fruit', 'red'], user_id: 'ann', created_at: '2024-01-01' },
      metadata: { n: 1, name: 'Apple', nested: { deep: 'x' }, list: ['p', 'q'], flag: true },
    },
    {
      ...{ id: 'b', content: 'Bananas are yellow', tags: ['fruit'], user_id: 'bob', created_at: '2024-06-01' },
      metadata: { n: 2, name: 'banana', sector: 'semantic' },
    },
    { id: 'c', content: 'Carrots are orange', created_at: '2025-01-01', immutable: true, metadata: { n: 10 } },
    { id: 'd', content: 'Dates keep', agent_id: 'x', created_at: '2025-06-01', metadata: { sector: 'procedural' } },
  ])
  await om.updateMemory('b', { tags: ['fruit', 'soft'] })
})

afterAll(async () => {
  await om.close()
  rmSync(path, { recursive: true, force: true })
})

const cases: [Filters, string][] = [
  [{}, 'abcd'],
  [{ user_id: 'ann' }, 'a'],
  [{ user_id: '*' }, 'ab'],
  [{ user_id: { eq: 'bob' } }, 'b'],
  [{ user_id: { ne: 'ann' } }, 'bcd'],
  [{ user_id: { in: ['ann', 'bob', 'eve'] } }, 'ab'],
  [{ user_id: { nin: ['ann'] } }, 'bcd'],
  [{ user_id: { exists: false } }, 'cd'],
  [{ agent_id: { exists: true } }, 'd'],
  [{ tags: 'fruit' }, 'ab'],
  [{ tags: { contains: 'red' } }, 'a'],
  [{ tags: { contains: 'RED' } }, ''],
  [{ tags: { icontains: 'RED' } }, 'a'],
  [{ tags: { in: ['red', 'soft'] } }, 'ab'],
  [{ tags: { nin: ['red'] } }, 'bcd'],
  [{ 'metadata.n': 2 }, 'b'],
  [{ 'metadata.n': { gt: 2 } }, 'c'],
  [{ 'metadata.n': { gte: 2 } }, 'bc'],
  [{ 'metadata.n': { lt: 2 } }, 'a'],
  [{ 'metadata.n': { lte: 2, gt: 1 } }, 'b'],
  [{ 'metadata.flag': true }, 'a'],
  [{ 'metadata.name': { contains: 'anan' } }, 'b'],
  [{ 'metadata.name': { icontains: 'APP' } }, 'a'],
  [{ 'metadata.nested.deep': 'x' }, 'a'],
  [{ 'metadata.list': { contains: 'q' } }, 'a'],
  [{ 'metadata.n': '*' }, 'abc'],
  [{ 'metadata.n': { exists: false } }, 'd'],
  [{ sectors: { contains: 'procedural' } }, 'd'],
  [{ primary_sector: 'procedural' }, 'd'],
  [{ created_at: { gte: '2024-06-01', lt: '2025-06-01' } }, 'bc'],
  [{ created_at: { gt: new Date('2025-01-01') } }, 'd'],
  [{ version: 2 }, 'b'],
  [{ version: { lt: 2 } }, 'acd'],
  [{ immutable: true }, 'c'],
  [{ memory_ids: ['a', 'd', 'z'] }, 'ad'],
  [{ memory_ids: { in: ['b'] } }, 'b'],
  [{ keywords: { contains: 'Red' } }, 'a'],
  [{ keywords: { icontains: 'ARE' } }, 'abc'],
  [{ AND: [{ tags: 'fruit' }, { 'metadata.n': { gt: 1 } }] }, 'b'],
  [{ OR: [{ user_id: 'ann' }, { immutable: true }] }, 'ac'],
  [{ NOT: { tags: 'fruit' } }, 'cd'],
  [{ NOT: [{ tags: 'red' }, { immutable: true }] }, 'bd'],
  [{ tags: 'fruit', OR: [{ 'metadata.n': 2 }, { immutable: true }] }, 'b'],
  [{ AND: [{ OR: [{ user_id: 'ann' }, { user_id: 'bob' }] }, { NOT: { 'metadata.n': 1 } }] }, 'b'],
]

test.each(cases)('%j', async (filters, expected) => {
  const { memories } = await om.listMemories({ filters, order: 'created_at:asc' })
  expect(memories.map(({ id }) => id).join('')).toBe(expected)
  const hits = await om.searchMemories('are', { filters })
  expect(
    hits
      .map(({ id }) => id)
      .sort()
      .join(''),
  ).toBe(expected)
})

test.each([
  [{ colour: 'red' }, 'colour'],
  [{ user_id: { like: 'a%' } }, 'like'],
  [{ AND: [{ tags: { between: [1, 2] } }] }, 'between'],
  [{ NOT: { user: 'x' } }, 'user'],
])('%j is refused by name', async (filters, name) => {
  // Awaited together: an unhandled rejection would end the test.
  const errors = await Promise.all([
    refusal<ValidationError>(om.listMemories({ filters: filters as never })),
    refusal<ValidationError>(om.deleteMemories({ filters: filters as never })),
  ])
  for (const error of errors) {
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.field).toContain(name)
  }
})

const tooLarge: [string, Filters][] = [
  ['a path of more than 64 KiB', { [`metadata.${'.'.repeat(65_537)}`]: 'x' }],
  ['a hundred and one texts to look for', { OR: Array(101).fill({ keywords: 'tea' }) }],
  ['values of more than 256 KiB', { 'metadata.n': { in: Array(300).fill('x'.repeat(1000)) } }],
]

test.each(tooLarge)('%s are LIMIT_EXCEEDED, by name', async (_, filters) => {
  const error = await refusal<ValidationError>(om.listMemories({ filters }))
  expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', status: 413 })
  expect(error.field).toMatch(/^filters\./)
  expect(error.field?.length).toBeLessThan(100)
})

describe('a missing scope never selects all users', () => {
  const lost = { tags: 'fruit', user_id: undefined }
  const calls: [string, (filters: Filters) => Promise<unknown>][] = [
    ['delete', (filters) => om.deleteMemories({ filters })],
    ['list', (filters) => om.listMemories({ filters })],
    ['search', (filters) => om.searchMemories('fruit', { filters })],
    ['iterate', (filters) => om.iterateMemories({ filters }).next()],
    ['watch', (filters) => om.watch({ filters }).next()],
    ['export', (filters) => om.exportTo(join(path, 'export.jsonl'), { filters })],
  ]

  test.each(calls)('%s', async (_, call) => {
    expect(await refusal(call(lost))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'filters.user_id' })
    const nested = { AND: [{ tags: 'fruit' }, { user_id: { eq: undefined } }] } as Filters
    expect(await refusal(call(nested))).toMatchObject({ field: 'filters.AND[1].user_id.eq' })
    expect((await om.listMemories()).memories).toHaveLength(4)
  })

  test('as an option of the store', () => {
    expect(() => new OpenMemory({ path, embedder: 'test', userId: undefined })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'userId' }),
    )
  })

  test('as a star in a value', async () => {
    for (const operator of [{ eq: '*' }, { in: ['*'] }] as const) {
      expect((await om.listMemories({ filters: { user_id: operator } })).memories).toEqual([])
      expect(await om.searchMemories('fruit', { filters: { user_id: operator } })).toEqual([])
      expect((await om.deleteMemories({ filters: { user_id: operator } })).deleted).toBe(0)
    }
    const { memories } = await om.listMemories({ filters: { user_id: { ne: '*' } } })
    expect(memories).toHaveLength(4)
  })
})

test('times are texts or dates: a number could be seconds or milliseconds', async () => {
  const filters = { created_at: { gte: 1704067200 } } as unknown as Filters
  expect(await refusal(om.listMemories({ filters }))).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', field: 'filters.created_at.gte' },
  })
})

test('the end of the year 9999 means never', async () => {
  const path = mkdtempSync(join(tmpdir(), 'openmemory-never-'))
  const om = new OpenMemory({ path, embedder: 'test' })
  const times = ['9999-12-31', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999999-08:00']
  for (const expires_at of times) {
    expect((await om.addMemory({ content: 'kept', expires_at })).expires_at).toMatch(/^9999-12-31T/)
    const { memories } = await om.listMemories({ filters: { expires_at: { lte: expires_at } } })
    expect(memories.length).toBeGreaterThan(0)
  }
  await om.close()
  rmSync(path, { recursive: true, force: true })
})

test('texts that are the same to Unicode are the same to filters', async () => {
  const path = mkdtempSync(join(tmpdir(), 'openmemory-unicode-'))
  const om = new OpenMemory({ path, embedder: 'test' })
  const decomposed = 'Cafe\u0301'
  await om.addMemory({
    ...{ id: 'm', content: `${decomposed} with a \ufb01le`, tags: [decomposed] },
    metadata: { place: decomposed, places: [decomposed] },
  })
  const found: Filters[] = [
    { tags: 'Café' },
    { tags: { icontains: 'CAFÉ' } },
    { 'metadata.place': 'Café' },
    { 'metadata.place': { contains: 'fé' } },
    { 'metadata.places': { contains: 'Café' } },
    { keywords: 'Café' },
    { keywords: { icontains: 'CAFÉ' } },
    { keywords: { icontains: 'FILE' } },
  ]
  for (const filters of found) {
    expect((await om.listMemories({ filters })).memories.map(({ id }) => id)).toEqual(['m'])
    expect((await om.searchMemories('with', { filters })).map(({ id }) => id)).toEqual(['m'])
  }
  await om.close()
  rmSync(path, { recursive: true, force: true })
})

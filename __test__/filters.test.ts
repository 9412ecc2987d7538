// The filter language: each operator, AND, OR, NOT, and what is refused.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
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
  // Awaited together: a rejection that nobody waits for yet would end the test.
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

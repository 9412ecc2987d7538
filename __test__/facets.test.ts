// The distinct values of a field are counted, under the filters of the call.

import { beforeEach, expect, test } from '@jest/globals'
import type { FacetOptions, Filters, OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

let om: OpenMemory

beforeEach(async () => {
  om = openStore()
  await om.addMemories([
    { content: 'one', user_id: 'ada', tags: ['b', 'a', 'a'], metadata: { topic: 'tea', deep: { level: 1 } } },
    { content: 'two', user_id: 'ada', tags: ['a'], metadata: { topic: ['tea', 'milk', 'tea'], deep: { level: 1.0 } } },
    { content: 'three', user_id: 'bob', agent_id: 'x', metadata: { topic: { of: 'tea' }, deep: { level: 2.5 } } },
    { content: 'four', metadata: { topic: true } },
    { content: 'five', user_id: 'old', expires_at: '2020-01-01T00:00:00Z' },
  ])
})

const counted: [FacetOptions['field'], unknown[][]][] = [
  ['user_id', [['ada', 2], ['bob', 1]]], // biome-ignore format: a table
  ['agent_id', [['x', 1]]],
  ['run_id', []],
  ['tags', [['a', 2], ['b', 1]]], // biome-ignore format: a table
  ['metadata.topic', [['tea', 2], [true, 1], ['milk', 1]]], // biome-ignore format: a table
  ['metadata.deep.level', [[1, 2], [2.5, 1]]], // biome-ignore format: a table
]

test.each(counted)('%s', async (field, expected) => {
  const { values, distinct } = await om.facets({ field })
  expect(values.map(({ value, count }) => [value, count])).toEqual(expected)
  expect(distinct).toBe(expected.length)
})

test('sectors count each memory in each', async () => {
  const { values } = await om.facets({ field: 'primary_sector' })
  expect(values.reduce((sum, { count }) => sum + count, 0)).toBe(4)
  expect((await om.facets({ field: 'sectors' })).values.length).toBeGreaterThan(0)
})

test('filters, hidden memories and the limit count', async () => {
  const ada = { user_id: 'ada' }
  expect(await om.facets({ field: 'metadata.topic', filters: ada, limit: 1 })).toEqual({
    ...{ values: [{ value: 'tea', count: 2 }], distinct: 2 },
  })
  expect((await om.facets({ field: 'user_id', showExpired: true })).distinct).toBe(3)
  const [{ id } = { id: '' }] = (await om.listMemories({ filters: { user_id: 'bob' } })).memories
  await om.retireMemory(id)
  expect((await om.facets({ field: 'user_id' })).distinct).toBe(1)
  expect((await om.facets({ field: 'user_id', showRetired: true })).distinct).toBe(2)
})

// A filter that nearly all memories match is not looked up in an index, and the memories are shared among threads.
test('among many memories, each is counted once, whatever share of them a filter matches', async () => {
  const many = Array.from({ length: 2000 }, (_, at) => ({
    ...{ id: `many-${at}`, content: null, user_id: at % 3 === 0 ? 'ada' : 'eve' },
    ...{ tags: ['all', at < 1990 ? 'most' : 'few', `t${at % 5}`], metadata: { ten: at % 10 } },
  }))
  for (const part of [many.slice(0, 1000), many.slice(1000)]) await om.addMemories(part)
  await om.deleteMemories(many.filter((_, at) => at % 7 === 0).map(({ id }) => id))
  const left = many.filter((_, at) => at % 7 !== 0)
  for (const [filters, matches] of [
    [{ tags: 'all' }, () => true],
    [{ tags: 'most' }, ({ tags }) => tags.includes('most')],
    [{ tags: 'few' }, ({ tags }) => tags.includes('few')],
    [{ tags: 't3' }, ({ tags }) => tags.includes('t3')],
    [{ AND: [{ tags: 'all' }, { user_id: 'eve' }] }, ({ user_id }) => user_id === 'eve'],
  ] as [Filters, (memory: (typeof many)[number]) => boolean][]) {
    const counts = new Map<number, number>()
    for (const { metadata } of left.filter(matches)) counts.set(metadata.ten, (counts.get(metadata.ten) ?? 0) + 1)
    const { values } = await om.facets({ field: 'metadata.ten', filters })
    expect(new Map(values.map(({ value, count }) => [value, count]))).toEqual(counts)
  }
})

test.each([
  [{ field: 'content' }, 'field'],
  [{ field: 'metadata.' }, 'field'],
  [{}, 'field'],
  [{ field: 'tags', limit: 0 }, 'limit'],
  [{ field: 'tags', filters: { colour: 1 } }, 'filters.colour'],
  [{ field: 'tags', order: 'value' }, 'order'],
])('%j is refused', async (options, field) => {
  expect(await refusal(om.facets(options as never))).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

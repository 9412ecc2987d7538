// Changes of several kinds in one commit, and taking them back.

import { expect, test } from '@jest/globals'
import type { ItemResult, Memory, OpenMemory, OperatedMemory, Operation } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

type Results = ItemResult<OperatedMemory>[]

async function store() {
  const om = openStore({ userId: 'ada' })
  const contents = ['Ada lives in Lisbon', 'Ada works at Acme', 'Ada has a sister', 'Ada drinks tea']
  for (const [index, content] of contents.entries()) await om.addMemory({ id: `m${index}`, content, tags: ['t'] })
  await om.updateMemory('m3', { content: 'Ada drinks coffee' })
  return om
}

/** All that a caller sees, but versions and times. */
async function state(om: OpenMemory) {
  const { memories } = await om.listMemories({ showRetired: true, showExpired: true, order: 'created_at:asc' })
  return memories.map(({ version: _, updated_at: __, salience: ___, ...memory }: Memory) => memory)
}

const events = (results: Results) => results.map((result) => (result.ok ? result.memory.event : result.error.code))

const ALL: Operation[] = [
  { add: { id: 'new', content: 'Ada plays chess', valid_from: '2020' } },
  {
    update: {
      id: 'm0',
      content: 'Ada lives in Porto',
      valid_from: '2026-11-28T00:00:00Z',
      correction: true,
      ifVersion: 1,
    },
  },
  { retire: { id: 'm1', valid_to: new Date('2999-01-01'), ifVersion: 1 } },
  { restore: { id: 'm3', version: 1, ifVersion: 2 } },
  { delete: { id: 'm2', ifVersion: 1 } },
]

test('operations of every kind apply together, with who made them and why', async () => {
  const om = await store()
  const results = await om.applyOperations(ALL, { actor: 'ada', reason: 'tidying' })
  expect(events(results)).toEqual(['ADD', 'UPDATE', 'RETIRE', 'RESTORE', 'DELETE'])
  expect(results).toMatchObject([
    { memory: { id: 'new', user_id: 'ada', version: 1, valid_from: '2020' } },
    { memory: { id: 'm0', content: 'Ada lives in Porto', version: 2 } },
    { memory: { id: 'm1', retired: 'ended', valid_to: '2999-01-01T00:00:00.000Z' } },
    { memory: { id: 'm3', content: 'Ada drinks tea', version: 3 } },
    { memory: { id: 'm2', deleted_at: expect.any(String) } },
  ])
  for (const id of ['m0', 'm1', 'm3']) {
    expect((await om.getHistory(id))[0]).toMatchObject({ actor: 'ada', reason: 'tidying' })
  }
  const gone = await refusal(om.getMemory('m2'))
  expect(gone.details).toMatchObject({ deleted: true, actor: 'ada', reason: 'tidying' })
  const [found] = await om.searchMemories('Where does Ada live?')
  expect(found).toMatchObject({ id: 'm0' })
})

test.each<[string, Operation, string]>([
  ['a version that is not current', { update: { id: 'm0', tags: [], ifVersion: 9 } }, 'VERSION_CONFLICT'],
  ['an id that is not there', { retire: { id: 'none' } }, 'NOT_FOUND'],
  ['a version that is not there', { restore: { id: 'm0', version: 9 } }, 'NOT_FOUND'],
  ['an invalid value', { add: { content: '' } }, 'INVALID_ARGUMENT'],
  ['a date before the memory', { retire: { id: 'm3', valid_to: '1999' } }, 'INVALID_ARGUMENT'],
  ['an id that is taken', { add: { id: 'm0', content: 'x' } }, 'VERSION_CONFLICT'],
  ['no kind', {} as Operation, 'INVALID_ARGUMENT'],
  ['two kinds', { delete: { id: 'm0' }, retire: { id: 'm0' } } as Operation, 'INVALID_ARGUMENT'],
])('%s refuses all operations', async (_, refused, code) => {
  const om = await store()
  const before = await state(om)
  const results = await om.applyOperations([{ delete: { id: 'm1' } }, refused, { add: { content: 'y' } }])
  expect(events(results)).toEqual(['ABORTED', code, 'ABORTED'])
  expect(await state(om)).toEqual(before)
})

test('each operation sees what those before it have done', async () => {
  const om = await store()
  const results = await om.applyOperations([
    { add: { id: 'n', content: 'one' } },
    { update: { id: 'n', tags: ['a'], ifVersion: 1 } },
    { retire: { id: 'n', ifVersion: 2 } },
    { restore: { id: 'n', version: 2, ifVersion: 3 } },
    { add: { content: 'one', ifExists: 'skip' } },
  ])
  expect(events(results)).toEqual(['ADD', 'UPDATE', 'RETIRE', 'RESTORE', 'NONE'])
  expect(await om.getMemory('n')).toMatchObject({ version: 4, tags: ['a'] })
})

test('what was done together is undone together', async () => {
  const om = await store()
  const before = await state(om)
  const results = await om.applyOperations(ALL.slice(0, 4))
  const undone = await om.undoOperations(results, { reason: 'a mistake' })
  expect(events(undone)).toEqual(['RESTORE', 'RESTORE', 'RESTORE', 'DELETE'])
  expect(await state(om)).toEqual(before)
  expect((await om.getHistory('m0'))[0]).toMatchObject({ reason: 'a mistake', restored_from: 1 })
  expect(
    await om.undoOperations(await om.applyOperations([{ add: { content: 'Ada has a sister', ifExists: 'skip' } }])),
  ).toEqual([])
})

test('nothing is undone if a memory has changed since, and its result says so', async () => {
  const om = await store()
  const results = await om.applyOperations(ALL.slice(0, 4))
  await om.updateMemory('m1', { tags: ['later'] })
  const before = await state(om)
  const undone = await om.undoOperations(results)
  expect(events(undone)).toEqual(['ABORTED', 'VERSION_CONFLICT', 'ABORTED', 'ABORTED'])
  expect(undone[1]).toMatchObject({ id: 'm1', error: { details: { version: 3, expected: 2 } } })
  expect(await state(om)).toEqual(before)
})

test('memories that say the same become one, with the tags of all, and are undone together', async () => {
  const om = await store()
  await om.addMemory({ id: 'm4', content: 'Ada drinks coffee every day', tags: ['t', 'drinks'] })
  const before = await state(om)
  const results = await om.applyOperations([
    {
      merge: {
        id: 'm3',
        from: [{ id: 'm4', ifVersion: 1 }, { id: 'm1' }],
        content: 'Ada drinks coffee daily',
        metadata: { merged: true },
        ifVersion: 2,
      },
    },
  ])
  expect(results).toMatchObject([
    {
      memory: {
        id: 'm3',
        version: 3,
        event: 'UPDATE',
        content: 'Ada drinks coffee daily',
        tags: ['t', 'drinks'],
        metadata: { merged: true },
        merged: [
          { id: 'm4', version: 2 },
          { id: 'm1', version: 2 },
        ],
      },
    },
  ])
  expect(await om.getMemory('m4')).toMatchObject({ retired: 'ended' })
  expect((await om.getHistory('m4'))[0]).toMatchObject({ event: 'RETIRE', reason: 'merged into m3' })
  expect((await om.searchMemories('Does Ada drink coffee?')).map(({ id }) => id)).not.toContain('m4')
  expect(events(await om.undoOperations(results))).toEqual(['RESTORE', 'RESTORE', 'RESTORE'])
  expect(await state(om)).toEqual(before)
})

test.each<[string, object, string, string | undefined]>([
  ['of no others', { id: 'm0', from: [] }, 'INVALID_ARGUMENT', 'from'],
  ['with itself', { id: 'm0', from: [{ id: 'm0' }] }, 'INVALID_ARGUMENT', 'from[0]'],
  ['with one twice', { id: 'm0', from: [{ id: 'm1' }, { id: 'm1' }] }, 'INVALID_ARGUMENT', 'from[1]'],
  ['with a memory of another user', { id: 'm0', from: [{ id: 'bob' }] }, 'INVALID_ARGUMENT', 'from'],
  ['with an old version', { id: 'm0', from: [{ id: 'm3', ifVersion: 1 }] }, 'VERSION_CONFLICT', undefined],
  ['with what is not there', { id: 'm0', from: [{ id: 'none' }] }, 'NOT_FOUND', undefined],
  ['with a field that it has not', { id: 'm0', from: [{ id: 'm1', why: 'wrong' }] }, 'INVALID_ARGUMENT', 'why'],
])('a merge %s is refused, and nothing changes', async (_, merge, code, field) => {
  const om = await store()
  await om.addMemory({ id: 'bob', content: 'Bob lives in Faro', user_id: 'bob' })
  const before = await state(om)
  const [result] = await om.applyOperations([{ merge } as Operation])
  expect(result?.ok ? 'ok' : result?.error).toMatchObject({ code, ...(field && { details: { field } }) })
  expect(await state(om)).toEqual(before)
})

test('a text that an operation has set can be restored by a later one', async () => {
  const om = await store()
  const results = await om.applyOperations([
    { update: { id: 'm0', content: 'Ada lives in Porto' } },
    { update: { id: 'm0', content: 'Ada lives in Faro' } },
    { restore: { id: 'm0', version: 2 } },
  ])
  expect(events(results)).toEqual(['UPDATE', 'UPDATE', 'RESTORE'])
  const [found] = await om.searchMemories('Where does Ada live?')
  expect(found).toMatchObject({ id: 'm0', version: 4, content: 'Ada lives in Porto' })
})

test('a deletion cannot be undone', async () => {
  const om = await store()
  const error = await refusal(om.undoOperations(await om.applyOperations(ALL)))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'results[4]' } })
})

test('there are 1 to 1000 operations', async () => {
  const om = openStore()
  expect((await refusal(om.applyOperations([]))).code).toBe('INVALID_ARGUMENT')
  const many = Array.from({ length: 1001 }, () => ({ delete: { id: 'x' } }))
  expect((await refusal(om.applyOperations(many))).code).toBe('LIMIT_EXCEEDED')
})

// updateMemories: a result for every item, or all or nothing.

import { expect, test } from '@jest/globals'
import type { MemoryUpdate, OpenMemory } from '@openmemory/sdk'
import { NotFoundError, ValidationError, type VersionConflictError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

async function thousand(om: OpenMemory): Promise<string[]> {
  const items = Array.from({ length: 1000 }, (_, n) => ({ content: `fact ${n}`, metadata: { n } }))
  const results = await om.addMemories(items)
  return results.map((result) => (result.ok ? result.memory.id : ''))
}

function withThreeBad(ids: string[]): MemoryUpdate[] {
  const updates: MemoryUpdate[] = ids.map((id, n) => ({ id, content: `fact ${n}, corrected`, tags: [`t${n}`] }))
  updates[10] = { id: 'mem_unknown', tags: [] }
  updates[500] = { id: ids[500] as string, content: '' }
  updates[999] = { id: ids[999] as string, metadata: { when: new Date() as never } }
  return updates
}

test('of 1000 updates with 3 invalid ones, 997 succeed, with results in order', async () => {
  const om = openStore()
  const ids = await thousand(om)
  const results = await om.updateMemories(withThreeBad(ids), { actor: 'importer' })

  expect(results).toHaveLength(1000)
  expect(results.filter(({ ok }) => ok)).toHaveLength(997)
  for (const [n, result] of results.entries()) {
    if (result.ok) expect(result.memory).toMatchObject({ id: ids[n], content: `fact ${n}, corrected`, version: 2 })
  }
  const [unknown, empty, lossy] = [10, 500, 999].map((n) => results[n])
  expect(unknown).toMatchObject({ ok: false, id: 'mem_unknown', error: { code: 'NOT_FOUND' } })
  expect(empty).toMatchObject({ ok: false, id: ids[500], error: { code: 'INVALID_ARGUMENT', field: 'content' } })
  expect(lossy).toMatchObject({ ok: false, id: ids[999], error: { code: 'INVALID_ARGUMENT', field: 'metadata.when' } })
  expect(unknown?.ok === false && unknown.error).toBeInstanceOf(NotFoundError)
  expect(empty?.ok === false && empty.error).toBeInstanceOf(ValidationError)

  const { memories } = await om.listMemories({ limit: 1000 })
  expect(memories.filter(({ version }) => version === 2)).toHaveLength(997)
  expect((await om.getHistory(ids[0] as string))[0]).toMatchObject({ actor: 'importer', version: 2 })
})

test.each([
  ['refused by the engine', (id: string) => ({ id, content: '' })],
  ['refused before the engine', (id: string) => ({ id, metadata: { n: Number.NaN } })],
])('an atomic batch with an item %s leaves nothing done', async (_, bad) => {
  const om = openStore()
  const ids = await thousand(om)
  const updates: MemoryUpdate[] = ids.map((id) => ({ id, tags: ['done'] }))
  updates[700] = bad(ids[700] as string)
  const results = await om.updateMemories(updates, { atomic: true })

  expect(results.every(({ ok }) => !ok)).toBe(true)
  expect(results[700]).toMatchObject({ id: ids[700], error: { code: 'INVALID_ARGUMENT' } })
  expect(results[0]).toMatchObject({ id: ids[0], error: { code: 'ABORTED' } })
  const { memories } = await om.listMemories({ limit: 1000 })
  expect(memories.every(({ version, tags }) => version === 1 && tags.length === 0)).toBe(true)
})

test('an atomic batch without a bad item is done', async () => {
  const om = openStore()
  const ids = await thousand(om)
  const results = await om.updateMemories(
    ids.map((id) => ({ id, tags: ['done'] })),
    { atomic: true },
  )
  expect(results.every((result) => result.ok && result.memory.version === 2)).toBe(true)
})

test('1001 updates are rejected, and so is an empty batch', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'one' })
  const error = await refusal(om.updateMemories(Array.from({ length: 1001 }, () => ({ id, tags: [] }))))
  expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', status: 413, field: 'updates' })
  expect(await refusal(om.updateMemories([]))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'updates' })
  expect((await om.getMemory(id)).version).toBe(1)
})

test('items that name one id twice apply in order', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'one' })
  const results = await om.updateMemories([
    { id, content: 'two', metadata: { a: 1 } },
    { id, content: 'three', ifVersion: 2 },
    { id, metadata: { a: null, b: 2 }, ifVersion: 9 },
    { id, metadata: { a: null, b: 2 } },
  ])
  expect(results.map((result) => (result.ok ? result.memory.version : result.error.code))).toEqual([
    ...[2, 3],
    ...['VERSION_CONFLICT', 4],
  ])
  expect(results[2]?.ok === false && (results[2].error as VersionConflictError).version).toBe(3)
  expect(await om.getMemory(id)).toMatchObject({ content: 'three', metadata: { b: 2 }, version: 4 })
})

test('an item without an id, or that is no object, is that item’s failure', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'one' })
  const results = await om.updateMemories([{ tags: [] } as never, null as never, { id, tags: ['x'] }])
  expect(results.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
    ...['MISSING_ID', 'INVALID_ARGUMENT'],
    'ok',
  ])
})

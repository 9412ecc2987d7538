// A deleted memory cannot be recovered; only the fact of its deletion remains.

import { expect, test } from '@jest/globals'
import type { ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, inPostgres, openStore } from './helpers/store'

test('deleting gives the memory as it last was, and removes it everywhere', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'the secret word is swordfish', tags: ['secret'] })
  const last = await om.updateMemory(id, { tags: ['secret', 'old'] })

  const deleted = await om.deleteMemory(id)
  expect(deleted).toEqual({ ...last, salience: expect.any(Number), deleted_at: expect.any(String) })

  expect((await om.listMemories()).memories).toEqual([])
  expect(await om.searchMemories('swordfish')).toEqual([])
  expect((await om.listMemories({ filters: { tags: 'secret' } })).memories).toEqual([])
  const calls = [
    om.getMemory(id),
    om.getMemory(id, { version: 1 }),
    om.getHistory(id),
    om.restoreMemory(id, 1),
    om.reinforceMemory(id),
    om.sendFeedback(id, 'POSITIVE'),
    om.getWaypoints(id),
    om.deleteMemory(id),
  ]
  for (const error of await Promise.all(calls.map((call) => refusal(call)))) {
    expect(error.code).toBe('NOT_FOUND')
    expect(error.details).toEqual({ id, deleted: true, deleted_at: deleted.deleted_at, version: 2 })
  }
})

test('the tombstone outlives the process', async () => {
  const path = freshDirectory()
  const before = openStore({ path })
  const { id } = await before.addMemory({ content: 'gone' })
  await before.deleteMemory(id)
  await before.close()
  const error = await refusal(openStore({ path }).getMemory(id))
  expect(error).toMatchObject({ code: 'NOT_FOUND', details: { id, deleted: true, version: 1 } })
})

test('deleting by filter deletes what fits, and an empty filter never means all', async () => {
  const om = openStore()
  const old = await om.addMemory({ content: 'old', metadata: { year: 1999 } })
  await om.addMemory({ content: 'new', metadata: { year: 2020 } })
  for (const selection of [{}, { filters: {} }, { filters: { AND: [] } }, { filters: { NOT: {} } }, { all: false }]) {
    const error = await refusal(om.deleteMemories(selection as { all: true }))
    expect(error.code).toBe('INVALID_ARGUMENT')
  }
  const summary = await om.deleteMemories({ filters: { 'metadata.year': { lt: 2000 } } })
  expect(summary).toEqual({ deleted: 1, ids: [old.id] })
  expect(await om.deleteMemories({ all: true })).toMatchObject({ deleted: 1 })
  expect((await om.listMemories()).memories).toEqual([])
})

test('an unknown option next to filters is rejected by name', async () => {
  const error = await refusal<ValidationError>(openStore().deleteMemories({ filter: { tags: 'x' } } as never))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'filter' })
})

test('a deletion that names a version is refused at another one', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'one' })
  await om.updateMemory(id, { content: 'two' })
  const error = await refusal(om.deleteMemory(id, { ifVersion: 1 }))
  expect(error).toMatchObject({ code: 'VERSION_CONFLICT', details: { id, version: 2, expected: 1 } })
  expect((await om.getMemory(id)).content).toBe('two')
  expect((await om.deleteMemory(id, { ifVersion: 2 })).version).toBe(2)
})

test('the actor and reason of a deletion can be read', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'one' })
  await om.deleteMemory(id, { actor: 'ada', reason: 'no longer true' })
  const error = await refusal(om.getMemory(id))
  expect(error.details).toMatchObject({ deleted: true, actor: 'ada', reason: 'no longer true' })
})

test('compaction keeps all data and returns the size of the files', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'gone' })
  const kept = await om.addMemory({ content: 'kept' })
  await om.deleteMemory(id)
  if (inPostgres)
    expect(await refusal(om.compact())).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('VACUUM'),
    })
  else expect(await om.compact()).toEqual({ bytes_before: expect.any(Number), bytes_after: expect.any(Number) })
  expect((await om.listMemories()).memories.map((memory) => memory.id)).toEqual([kept.id])
})

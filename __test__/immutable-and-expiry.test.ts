// Memories that must not change, and memories that fade out.

import { expect, test } from '@jest/globals'
import { ImmutableMemoryError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

test('an immutable memory refuses updates and restores, and can be deleted', async () => {
  const om = openStore()
  const memory = await om.addMemory({ content: 'signed contract', immutable: true })
  const calls = [om.updateMemory(memory.id, { tags: ['x'] }), om.restoreMemory(memory.id, 1)]
  for (const error of await Promise.all(calls.map((call) => refusal(call)))) {
    expect(error).toBeInstanceOf(ImmutableMemoryError)
    expect(error).toMatchObject({ code: 'IMMUTABLE', status: 409 })
  }
  const [result] = await om.updateMemories([{ id: memory.id, tags: ['x'] }])
  expect(result).toMatchObject({ ok: false, error: { code: 'IMMUTABLE' } })
  expect(await om.getMemory(memory.id)).toEqual({ ...memory, salience: expect.any(Number) })
  expect(await om.deleteMemory(memory.id)).toMatchObject({ id: memory.id, immutable: true })
})

test('an expired memory is hidden from list and search unless asked for, and answers by id', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'yesterday’s offer', expires_at: '2020-01-01T00:00:00+02:00' })
  const lasting = await om.addMemory({ content: 'lasting offer', expires_at: new Date('2999-01-01') })
  expect(lasting.expires_at).toBe('2999-01-01T00:00:00.000Z')

  expect((await om.listMemories()).memories.map((memory) => memory.id)).toEqual([lasting.id])
  expect((await om.searchMemories('offer')).map((memory) => memory.id)).toEqual([lasting.id])
  expect((await om.listMemories({ showExpired: true })).memories).toHaveLength(2)
  expect(await om.searchMemories('offer', { showExpired: true })).toHaveLength(2)
  expect((await om.getMemory(id)).expires_at).toBe('2019-12-31T22:00:00.000Z')
})

test('expiry is changed by an update and cleared by null', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'offer', expires_at: '2020-01-01' })
  const cleared = await om.updateMemory(id, { expires_at: null })
  expect(cleared).not.toHaveProperty('expires_at')
  expect((await om.listMemories()).memories).toHaveLength(1)
  const again = await om.updateMemory(id, { expires_at: '2020-06-01' })
  expect(again).toMatchObject({ expires_at: '2020-06-01T00:00:00.000Z', version: 3 })
  expect((await om.listMemories()).memories).toEqual([])
})

// Reading, reinforcing and feedback never change version, updated_at or history.

import { beforeEach, expect, test } from '@jest/globals'
import type { Memory, OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

let om: OpenMemory
let memory: Memory

beforeEach(async () => {
  om = openStore()
  memory = await om.addMemory({ content: 'The printer is on floor 3', tags: ['office'] })
})

async function expectSameVersion() {
  const { version, updated_at } = await om.getMemory(memory.id)
  expect({ version, updated_at }).toEqual({ version: 1, updated_at: memory.updated_at })
  expect(await om.getHistory(memory.id)).toHaveLength(1)
}

test('reinforcing raises salience, up to 1', async () => {
  const before = await om.getMemory(memory.id)
  const once = await om.reinforceMemory(memory.id)
  expect(once.salience).toBeGreaterThan(before.salience)
  await om.reinforceMemory(memory.id, { boost: 1 })
  const full = await om.reinforceMemory(memory.id, { boost: 1 })
  expect(full.salience).toBeLessThanOrEqual(1)
  expect(full.salience).toBeCloseTo(1, 2)
  await expectSameVersion()
})

test.each([-0.1, 1.1, Number.NaN, '1'])('a boost of %p is refused', async (boost) => {
  const error = await refusal(om.reinforceMemory(memory.id, { boost } as object))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'boost' })
})

test('feedback is stored with its reason and withdrawn by null', async () => {
  const given = await om.sendFeedback(memory.id, 'VERY_NEGATIVE', { reason: 'it moved' })
  expect(given).toMatchObject({ feedback: 'VERY_NEGATIVE', feedback_reason: 'it moved' })
  const changed = await om.sendFeedback(memory.id, 'POSITIVE')
  expect(changed.feedback).toBe('POSITIVE')
  expect(changed).not.toHaveProperty('feedback_reason')
  const taken = await om.sendFeedback(memory.id, null)
  expect(taken).not.toHaveProperty('feedback')
  await expectSameVersion()
})

test.each(['GOOD', undefined, 1])('feedback of %p is refused', async (feedback) => {
  const error = await refusal(om.sendFeedback(memory.id, feedback as never))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'feedback' })
})

test('reading in every way leaves the memory as it is', async () => {
  await om.getMemory(memory.id)
  await om.searchMemories('Where is the printer?')
  await om.listMemories()
  await om.getHistory(memory.id)
  expect(await om.getWaypoints(memory.id)).toEqual([])
  await expectSameVersion()
})

test('an update leaves salience and feedback as they are, also in another process life', async () => {
  const path = freshDirectory()
  const before = openStore({ path })
  const { id } = await before.addMemory({ content: 'x' })
  const { salience } = await before.reinforceMemory(id, { boost: 0.3 })
  await before.sendFeedback(id, 'POSITIVE')
  const updated = await before.updateMemory(id, { content: 'y' })
  expect(updated.salience).toBeCloseTo(salience, 2)
  await before.close()
  const read = await openStore({ path }).getMemory(id)
  expect(read).toMatchObject({ feedback: 'POSITIVE', version: 2 })
  expect(read.salience).toBeCloseTo(salience, 2)
})

test('stats count the memories', async () => {
  await om.addMemory({ content: 'second' })
  expect(await om.stats()).toMatchObject({ memories: 2 })
})

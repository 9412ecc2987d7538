// The expiry of a memory can be moved without a version.

import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

const LATER = '2100-01-01T00:00:00.000Z'

test('a touch moves the expiry, and nothing else', async () => {
  const om = openStore()
  const before = await om.addMemory({ content: 'Ada drinks tea', expires_at: '2020-01-01T00:00:00Z' })
  expect(await om.searchMemories('tea')).toEqual([])
  const changes = om.watch()
  const results = await om.touchMemories([before.id], { expires_at: new Date(LATER) })
  expect(results).toMatchObject([{ ok: true, memory: { id: before.id, expires_at: LATER, version: 1 } }])
  expect(await om.getMemory(before.id)).toEqual({ ...before, expires_at: LATER, salience: expect.any(Number) })
  expect(await om.searchMemories('tea')).toMatchObject([{ id: before.id }])
  expect(await om.getHistory(before.id)).toHaveLength(1)
  const { id } = await om.addMemory({ content: 'Ada drinks water' })
  expect((await changes.next()).value).toMatchObject({ event: 'ADD', id })
  await changes.return?.()
  await om.touchMemories([before.id], { expires_at: null })
  expect(await om.getMemory(before.id)).not.toHaveProperty('expires_at')
})

test('each id has its own result', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada drinks tea', immutable: true })
  const other = await om.addMemory({ content: 'Ada drinks milk' })
  const results = await om.touchMemories([id, 'nobody', '', other.id], { expires_at: LATER })
  expect(results.map((result) => (result.ok ? result.memory.expires_at : result.error.code))).toEqual([
    ...['IMMUTABLE', 'NOT_FOUND', 'MISSING_ID', LATER],
  ])
})

test.each([
  [undefined, 'options'],
  [{}, 'expires_at'],
  [{ expires_at: 'soon' }, 'expires_at'],
  [{ expires_at: LATER, ifVersion: 1 }, 'ifVersion'],
])('%j is refused', async (options, field) => {
  const om = openStore()
  expect(await refusal(om.touchMemories(['x'], options as never))).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

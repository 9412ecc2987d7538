// A text that its scope has already is added again only where that is wanted.

import { expect, test } from '@jest/globals'
import type { AddOptions, NewMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

const MEMORY: NewMemory = {
  content: 'Ada drinks tea',
  user_id: 'ada',
  tags: ['drink'],
  metadata: { sure: true, from: 'x' },
}

test('a text is added again unless ifExists says otherwise', async () => {
  const om = openStore()
  const first = await om.addMemory(MEMORY)
  expect(first).not.toHaveProperty('existed')
  const again = await om.addMemory(MEMORY)
  expect(again.id).not.toBe(first.id)
  const skipped = await om.addMemory({ ...MEMORY, content: ' Ada drinks tea\n', tags: [] }, { ifExists: 'skip' })
  expect(skipped).toMatchObject({ id: first.id, existed: true, version: 1, tags: ['drink'] })
  expect((await om.addMemory({ ...MEMORY, ifExists: 'add' }, { ifExists: 'skip' })).existed).toBeUndefined()
  expect((await om.listMemories()).memories).toHaveLength(3)
})

test('an ifExists of undefined or null uses the default of the options', async () => {
  const om = openStore()
  const { id } = await om.addMemory(MEMORY)
  for (const ifExists of [undefined, null]) {
    const again = { ...MEMORY, ifExists } as unknown as NewMemory
    expect(await om.addMemory(again, { ifExists: 'skip' })).toMatchObject({ id, existed: true })
    const [result] = await om.addMemories([again], { ifExists: 'skip' })
    expect(result).toMatchObject({ ok: true, memory: { id, existed: true } })
  }
})

test('touching merges tags, metadata and expiry as one update, once', async () => {
  const om = openStore()
  const { id } = await om.addMemory(MEMORY)
  const touch = { ...MEMORY, tags: ['tea'], metadata: { from: null, seen: 2 }, expires_at: new Date('2100-01-01') }
  for (let n = 0; n < 2; n++) {
    expect(await om.addMemory(touch, { ifExists: 'touch' })).toMatchObject({
      id,
      existed: true,
      version: 2,
      tags: ['drink', 'tea'],
      metadata: { sure: true, seen: 2 },
      expires_at: '2100-01-01T00:00:00.000Z',
    })
  }
  expect(await om.getHistory(id)).toHaveLength(2)
})

test('another user, agent, app or run has texts of its own', async () => {
  const om = openStore()
  await om.addMemory(MEMORY)
  for (const other of [{ user_id: 'bob' }, { agent_id: 'a' }, { app_id: 'b' }, { run_id: 'c' }]) {
    expect(await om.addMemory({ ...MEMORY, ...other }, { ifExists: 'skip' })).not.toHaveProperty('existed')
  }
})

test('of many at once one is added', async () => {
  const om = openStore()
  const added = await Promise.all(Array.from({ length: 20 }, () => om.addMemory(MEMORY, { ifExists: 'skip' })))
  expect(added.filter(({ existed }) => !existed)).toHaveLength(1)
  expect(new Set(added.map(({ id }) => id)).size).toBe(1)
})

test('the items of a batch match existing texts and each other', async () => {
  const om = openStore()
  const { id } = await om.addMemory(MEMORY)
  const items: NewMemory[] = [MEMORY, { content: 'New' }, { content: 'New' }, { content: 'New', ifExists: 'add' }]
  const results = await om.addMemories(items, { ifExists: 'skip' })
  expect(results.map((result) => result.ok && (result.memory.existed ?? false))).toEqual([true, false, true, false])
  expect(results[0]).toMatchObject({ ok: true, memory: { id } })
})

test('an immutable memory is not touched, and an unknown choice is refused', async () => {
  const om = openStore()
  await om.addMemory({ ...MEMORY, immutable: true })
  expect((await om.addMemory(MEMORY, { ifExists: 'touch' })).existed).toBe(true)
  const touched = om.addMemory({ ...MEMORY, tags: ['new'] }, { ifExists: 'touch' })
  expect(await refusal(touched)).toMatchObject({ code: 'IMMUTABLE' })
  const wrong = { ifExists: 'merge' } as unknown as AddOptions
  expect(await refusal(om.addMemory(MEMORY, wrong))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'ifExists' })
  expect(await refusal(om.addMemories([MEMORY], wrong))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'ifExists' })
})

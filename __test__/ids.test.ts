// Ids: made by the store or brought by the caller.

import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

test('new ids are TypeIDs that sort by time', async () => {
  const om = openStore()
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push((await om.addMemory({ content: `note ${n}` })).id)
  for (const id of ids) expect(id).toMatch(/^mem_[0-7][0-9a-hjkmnp-tv-z]{25}$/)
  // Ids of one millisecond have no order; their first ten characters are the time.
  const times = ids.map((id) => id.slice(0, 14))
  expect(times).toEqual([...times].sort())
  expect(new Set(ids).size).toBe(5)
})

test('a UUID stands for the TypeID of the same bits', async () => {
  const om = openStore()
  const uuid = '01890a5d-ac96-774b-bcce-b302099a8057'
  const { id } = await om.addMemory({ id: uuid, content: 'imported' })
  expect(id).toBe('mem_01h455vb4pex5vsknk084sn02q')
  expect((await om.getMemory(uuid)).id).toBe(id)
  expect((await om.getMemory(id)).id).toBe(id)
})

test('a caller may bring an id, once, and again after it was deleted', async () => {
  const om = openStore()
  await om.addMemory({ id: 'crm/42', content: 'first' })
  expect((await refusal(om.addMemory({ id: 'crm/42', content: 'second' }))).code).toBe('VERSION_CONFLICT')
  expect((await om.getMemory('crm/42')).content).toBe('first')
  await om.deleteMemory('crm/42')
  expect(await om.addMemory({ id: 'crm/42', content: 'third' })).toMatchObject({ id: 'crm/42', version: 1 })
})

test('an id has at most 256 characters', async () => {
  const om = openStore()
  expect(await om.addMemory({ id: 'i'.repeat(256), content: 'x' })).toMatchObject({ id: 'i'.repeat(256) })
  expect((await refusal(om.addMemory({ id: 'i'.repeat(257), content: 'x' }))).code).toBe('LIMIT_EXCEEDED')
})

// Since when and until when a memory is true: dates as they are known, changes, corrections and retirement.

import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Memory, OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

const valid = ({ valid_from, valid_to, retired }: Partial<Memory>) => ({ valid_from, valid_to, retired })

async function contents(om: OpenMemory, options?: object): Promise<string[]> {
  const { memories } = await om.listMemories({ order: 'created_at:asc', ...options })
  const listed = memories.map(({ content }) => content)
  const found = await om.searchMemories('Ada', options)
  expect(found.map(({ content }) => content).sort()).toEqual([...listed].sort())
  return listed
}

test('dates are kept as exactly as they were given', async () => {
  const om = openStore()
  for (const [valid_from, valid_to] of [
    ['2024', '2024'],
    ['2024-05', '2024-06'],
    ['2024-05-17', '9999-12-31'],
    ['2024-05-17T10:00:00+02:00', new Date('2030-01-01')],
  ] as const) {
    const added = await om.addMemory({ content: 'Ada lives in Lisbon', valid_from, valid_to })
    const text = (date: string | Date) =>
      typeof date === 'string' && date.length < 11 ? date : new Date(date).toISOString()
    expect(valid(added)).toEqual({ valid_from: text(valid_from), valid_to: text(valid_to), retired: undefined })
    expect(await om.getMemory(added.id)).toMatchObject({ valid_from: text(valid_from), valid_to: text(valid_to) })
  }
})

test('a memory without dates has none', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  const tagged = await om.updateMemory(id, { tags: ['taste'] })
  for (const field of ['valid_from', 'valid_to', 'retired']) expect(tagged).not.toHaveProperty(field)
})

test.each([
  ['valid_from', { valid_from: 'last May' }],
  ['valid_from', { valid_from: '2024-13' }],
  ['valid_to', { valid_to: '20240517' }],
  ['valid_to', { valid_from: '2024-05', valid_to: '2024-04' }],
])('%s is refused in %j', async (field, dates) => {
  const om = openStore()
  const error = await refusal(om.addMemory({ content: 'x', ...dates }))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field } })
})

test('a new text is true from now on, and a correction as long as the old one', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada lives in Lisbon', valid_from: '2024-06' })
  const corrected = await om.updateMemory(id, { content: 'Ada lives in Lisboa' }, { correction: true })
  expect(valid(corrected)).toEqual({ valid_from: '2024-06' })
  const tagged = await om.updateMemory(id, { tags: ['home'], metadata: { seen: 1 } })
  expect(valid(tagged)).toEqual({ valid_from: '2024-06' })
  const moved = await om.updateMemory(id, { content: 'Ada lives in Porto' })
  expect(moved.valid_from).toBe(moved.updated_at)
  const dated = await om.updateMemory(id, { valid_from: '2026-03-02' }, { correction: true })
  expect(valid(dated)).toEqual({ valid_from: '2026-03-02' })
  const [newest] = await om.getHistory(id, { limit: 1 })
  expect(newest?.changes).toEqual([{ field: 'valid_from', from: moved.updated_at, to: '2026-03-02' }])
})

test('only a correction may go back before the memory begins', async () => {
  const om = openStore()
  const memory = await om.addMemory({ content: 'Ada lives in Porto', valid_from: '2026-03-02' })
  for (const patch of [{ valid_from: '2020' }, { content: 'x', valid_from: '2020' }, { valid_from: null }]) {
    const error = await refusal(om.updateMemory(memory.id, patch))
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'valid_from' } })
    const [result] = await om.updateMemories([{ id: memory.id, ...patch }])
    expect(result).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT' } })
  }
  expect(await om.getMemory(memory.id)).toMatchObject({ version: 1, valid_from: '2026-03-02' })
  const [corrected] = await om.updateMemories([{ id: memory.id, valid_from: '2020', correction: true }])
  expect(corrected).toMatchObject({ ok: true, memory: { valid_from: '2020', version: 2 } })
})

test('of two updates in flight, none goes back before the other', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada lives in Lisbon', valid_from: '2024' })
  const moves = ['2026-04', '2026-03', '2026-05'].map((valid_from) =>
    om.updateMemory(id, { content: `Ada lives elsewhere since ${valid_from}`, valid_from }),
  )
  for (const outcome of await Promise.allSettled(moves)) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ details: { field: 'valid_from' } })
  }
  const starts = (await om.getHistory(id)).map(({ valid_from }) => valid_from)
  expect(starts).toEqual([...starts].sort().reverse())
})

test('a retired memory has ended or was wrong, and can be restored', async () => {
  const om = openStore()
  const job = await om.addMemory({ content: 'Ada works at Acme', valid_from: '2023' })
  const sister = await om.addMemory({ content: 'Ada has a sister' })
  await om.addMemory({ content: 'Ada drinks tea' })
  const ended = await om.retireMemory(job.id, {
    valid_to: '2026-05-01',
    actor: 'ada',
    reason: 'she said so',
    ifVersion: 1,
  })
  expect(ended).toMatchObject({
    version: 2,
    content: job.content,
    valid_from: '2023',
    valid_to: '2026-05-01',
    retired: 'ended',
  })
  const wrong = await om.retireMemory(sister.id, { why: 'wrong' })
  expect(valid(wrong)).toEqual({ retired: 'wrong' })

  expect(await contents(om)).toEqual(['Ada drinks tea'])
  expect(await contents(om, { showRetired: true })).toHaveLength(3)
  expect(await om.getMemory(job.id)).toMatchObject({ retired: 'ended' })
  expect(await contents(om, { showRetired: true, filters: { retired: 'wrong' } })).toEqual([sister.content])
  expect(await contents(om, { showRetired: true, filters: { retired: { exists: false } } })).toEqual(['Ada drinks tea'])
  const [retired] = await om.getHistory(job.id)
  expect(retired).toMatchObject({ event: 'RETIRE', actor: 'ada', reason: 'she said so', retired: 'ended' })
  expect(retired?.changes).toEqual([
    { field: 'valid_to', to: '2026-05-01' },
    { field: 'retired', to: 'ended' },
  ])

  expect(valid(await om.restoreMemory(job.id, 1))).toEqual({ valid_from: '2023' })
  expect(valid(await om.restoreMemory(sister.id, 1))).toEqual({})
  expect(await contents(om)).toHaveLength(3)
})

test('without a date a memory ends now; a new text begins again', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada works at Acme' })
  const ended = await om.retireMemory(id)
  expect(ended).toMatchObject({ retired: 'ended', valid_to: ended.updated_at })
  const again = await om.updateMemory(id, { content: 'Ada works at Initech' })
  expect(valid(again)).toEqual({ valid_from: again.updated_at })
  expect(await contents(om)).toEqual(['Ada works at Initech'])
})

test('a memory that has ended by itself is left out too', async () => {
  const om = openStore()
  const past = await om.addMemory({ content: 'Ada lived in Rome', valid_from: '2019', valid_to: '2023' })
  await om.addMemory({ content: 'Ada has a visa', valid_to: '2999' })
  await om.addMemory({ content: 'Ada went to Rome', valid_from: '2025-05' })
  expect(await contents(om)).toEqual(['Ada has a visa', 'Ada went to Rome'])
  expect(await contents(om, { showRetired: true })).toHaveLength(3)
  await om.updateMemory(past.id, { valid_to: null })
  expect(await contents(om)).toHaveLength(3)
})

test.each([
  [{ why: 'gone' }, 'why'],
  [{ why: 'wrong', valid_to: '2024' }, 'valid_to'],
  [{ valid_to: '2022' }, 'valid_to'],
])('retiring with %j is refused', async (options, field) => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada works at Acme', valid_from: '2023' })
  const error = await refusal(om.retireMemory(id, options as object))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field } })
  expect(await om.getMemory(id)).toMatchObject({ version: 1 })
})

test('retiring refuses what an update refuses', async () => {
  const om = openStore()
  const fixed = await om.addMemory({ content: 'signed', immutable: true })
  const { id } = await om.addMemory({ content: 'Ada works at Acme' })
  const codes = [om.retireMemory(fixed.id), om.retireMemory(id, { ifVersion: 2 }), om.retireMemory('none')]
  const refused = await Promise.all(codes.map((call) => refusal(call)))
  expect(refused.map(({ code }) => code)).toEqual(['IMMUTABLE', 'VERSION_CONFLICT', 'NOT_FOUND'])
})

test('filters compare the first moment of valid_from and the end of valid_to', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada lived in Rome', valid_from: '2019', valid_to: '2023' })
  await om.addMemory({ content: 'Ada lives in Porto', valid_from: '2026-03-02' })
  await om.addMemory({ content: 'Ada drinks tea' })
  const matching = async (filters: object) => (await contents(om, { showRetired: true, filters })).length
  expect(await matching({ valid_from: '2019' })).toBe(1)
  expect(await matching({ valid_from: { gte: '2019-01-01T00:00:00Z', lt: '2026-03-02' } })).toBe(1)
  expect(await matching({ valid_to: '2023-12-31' })).toBe(1)
  expect(await matching({ valid_to: { lte: '2024-01-01T00:00:00Z' } })).toBe(1)
  expect(await matching({ valid_to: { lt: '2023' } })).toBe(0)
  expect(await matching({ valid_from: { exists: false } })).toBe(1)
  const error = await refusal(om.listMemories({ filters: { valid_from: 'May' } }))
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'filters.valid_from' } })
})

test('the text of a retired memory may be added again', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada works at Acme' })
  await om.retireMemory(id)
  const again = await om.addMemory({ content: 'Ada works at Acme' }, { ifExists: 'skip' })
  expect(again.id).not.toBe(id)
  expect(await om.addMemory({ content: 'Ada works at Acme' }, { ifExists: 'skip' })).toMatchObject({
    id: again.id,
    existed: true,
  })
})

test('a watch reports that a memory was retired', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada works at Acme' })
  const changes = om.watch()
  const next = changes.next()
  await om.retireMemory(id)
  expect((await next).value).toMatchObject({ event: 'RETIRE', id, version: 2, memory: { retired: 'ended' } })
  await changes.return?.()
})

test('an export keeps valid time in every version', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'Ada lives in Lisbon', valid_from: '2024-06' })
  await om.updateMemory(id, { content: 'Ada lives in Porto', valid_from: '2026-03-02' })
  await om.updateMemory(id, { valid_from: '2026-02-01' }, { correction: true })
  await om.retireMemory(id, { valid_to: '2026-11' })
  const file = join(freshDirectory(), 'memories.jsonl')
  await om.exportTo(file)
  const other = openStore()
  await other.importFrom(file)
  expect(await other.getHistory(id)).toEqual(await om.getHistory(id))
  expect(await other.importFrom(file)).toMatchObject({ skipped: 1 })
})

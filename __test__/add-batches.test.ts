// addMemories and deleteMemories by id: a result for every item, in order.

import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

test('good items are added, bad ones carry their error', async () => {
  const om = openStore()
  const results = await om.addMemories([
    { content: 'first', id: 'mine-1' },
    { content: '' },
    { content: 'third', tags: ['x'] },
    { content: 'fourth', id: 'mine-4', colour: 'red' } as never,
  ])
  expect(results.map((result) => (result.ok ? result.memory.content : result.error.code))).toEqual([
    ...['first', 'INVALID_ARGUMENT'],
    ...['third', 'INVALID_ARGUMENT'],
  ])
  expect(results[3]).toMatchObject({ ok: false, id: 'mine-4', error: { field: 'colour' } })
  expect((await om.listMemories()).memories).toHaveLength(2)
})

test('an atomic batch with a bad item adds nothing', async () => {
  const om = openStore()
  const results = await om.addMemories([{ content: 'first' }, { content: '' }], { atomic: true })
  expect(results.map(({ ok }) => ok)).toEqual([false, false])
  expect((await om.listMemories()).memories).toEqual([])
})

test('a hole in a batch is a bad item', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'kept' })
  const holed = <T>(item: T): T[] => Object.assign(new Array<T>(3), { 0: item, 2: item })
  const added = await om.addMemories(holed({ content: 'x' }))
  expect(added).toMatchObject([{ ok: true }, { ok: false, error: { code: 'INVALID_ARGUMENT' } }, { ok: true }])
  const updated = await om.updateMemories(holed({ id, tags: ['x'] }))
  expect(updated).toMatchObject([{ ok: true }, { ok: false, error: { code: 'INVALID_ARGUMENT' } }, { ok: true }])
  const deleted = await om.deleteMemories(holed('none'))
  expect(deleted.map((result) => !result.ok && result.error.code)).toEqual(['NOT_FOUND', 'MISSING_ID', 'NOT_FOUND'])
  const atomic = await om.addMemories(holed({ content: 'y' }), { atomic: true })
  expect(atomic.map((result) => !result.ok && result.error.code)).toEqual(['ABORTED', 'INVALID_ARGUMENT', 'ABORTED'])
  expect((await om.listMemories()).memories).toHaveLength(3)
})

test('1001 items are refused', async () => {
  const om = openStore()
  const items = Array.from({ length: 1001 }, (_, n) => ({ content: `fact ${n}` }))
  expect(await refusal(om.addMemories(items))).toMatchObject({ code: 'LIMIT_EXCEEDED', field: 'memories' })
  expect((await om.listMemories()).memories).toEqual([])
})

test('memories are deleted by id, each with its result', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'first' })
  const kept = await om.addMemory({ content: 'kept' })
  const results = await om.deleteMemories([id, 'mem_unknown', ''])
  expect(results[0]).toMatchObject({ ok: true, memory: { id, deleted_at: expect.any(String) } })
  expect(results[1]).toMatchObject({ ok: false, id: 'mem_unknown', error: { code: 'NOT_FOUND' } })
  expect(results[2]).toMatchObject({ ok: false, error: { code: 'MISSING_ID' } })
  expect((await om.listMemories()).memories.map((memory) => memory.id)).toEqual([kept.id])
})

test('changing an argument after a call does not affect the call', async () => {
  const om = openStore()
  const metadata = { colour: 'red' }
  const items = Array.from({ length: 250 }, (_, n) => ({ content: `thing ${n}`, metadata }))
  const adding = [om.addMemory({ content: 'one', metadata }), om.addMemories(items, { onProgress: () => {} })] as const
  metadata.colour = 'blue'
  const [one, many] = await Promise.all(adding)
  expect(one.metadata).toEqual({ colour: 'red' })
  for (const result of many) expect(result).toMatchObject({ ok: true, memory: { metadata: { colour: 'red' } } })
})

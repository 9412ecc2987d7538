// `Memory` of `mem0ai/oss`, on a store of this package.

import { expect, test } from '@jest/globals'
import { Memory } from '@openmemory/sdk/mem0'
import { freshDirectory, openEmbedded } from './helpers/store'

function open() {
  const om = openEmbedded()
  return { om, memory: new Memory({ llm: { provider: 'openai' }, openmemory: om }) }
}
const ADA = { filters: { user_id: 'ada' } }

test('messages are stored, found, listed and read', async () => {
  const { memory } = open()
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'I live in Lisbon' },
    { role: 'assistant', content: [{ type: 'text', text: 'Noted.' }, { type: 'image_url' }] },
  ]
  const { results } = await memory.add(messages, { userId: 'ada', metadata: { topic: 'home' } })
  expect(results).toMatchObject([{ memory: 'I live in Lisbon', metadata: { event: 'ADD' } }, { memory: 'Noted.' }])
  await memory.add('Bob lives in Porto', { userId: 'bob', agentId: 'guide', runId: 'r' })
  const found = await memory.search('Lisbon', { ...ADA, topK: 1 })
  expect(found.results).toMatchObject([
    {
      memory: 'I live in Lisbon',
      user_id: 'ada',
      metadata: { role: 'user', topic: 'home' },
      score: expect.any(Number),
    },
  ])
  expect(found.results[0]?.hash).toMatch(/^[0-9a-f]{32}$/)
  expect((await memory.search('Lisbon', { ...ADA, threshold: 1 })).results).toEqual([])
  expect((await memory.getAll(ADA)).results).toHaveLength(2)
  expect((await memory.getAll({ filters: { user_id: 'ada', role: 'user' } })).results).toHaveLength(1)
  const either = { OR: [{ role: 'user' }, { topic: { eq: 'home' } }], user_id: '*' }
  expect((await memory.getAll({ filters: either })).results).toHaveLength(0)
  const [{ id } = { id: '' }] = results
  expect(await memory.get(id)).toMatchObject({ id, memory: 'I live in Lisbon', createdAt: expect.any(String) })
  expect(await memory.get('nobody')).toBeNull()
})

test('changes are versions, and the history tells them', async () => {
  const { memory } = open()
  const { results } = await memory.add('Ada drinks tea', { userId: 'ada' })
  const [{ id } = { id: '' }] = results
  expect(await memory.update(id, 'Ada drinks milk')).toEqual({ message: 'Memory updated successfully!' })
  await memory.update(id, { metadata: { sure: true }, expirationDate: '2999-12-31' })
  expect(await memory.history(id)).toMatchObject([
    { action: 'UPDATE', previous_value: 'Ada drinks milk', new_value: 'Ada drinks milk', is_deleted: 0 },
    { action: 'UPDATE', previous_value: 'Ada drinks tea', new_value: 'Ada drinks milk' },
    { action: 'ADD', previous_value: null, new_value: 'Ada drinks tea', updated_at: null },
  ])
  await memory.delete(id)
  expect(await memory.history(id)).toMatchObject([{ action: 'DELETE', is_deleted: 1, memory_id: id }])
  expect(await memory.history('nobody')).toEqual([])
  await expect(memory.delete(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(memory.update(id, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a scope is deleted whole, and nothing beside it', async () => {
  const { om, memory } = open()
  await memory.add('of ada', { userId: 'ada' })
  await memory.add('of any', { userId: '*' })
  await memory.add('of a run', { userId: 'ada', runId: 'r' })
  await memory.deleteAll({ userId: '*' })
  expect((await om.stats()).memories).toBe(2)
  await memory.deleteAll({ userId: 'ada', runId: 'r' })
  expect((await memory.getAll(ADA)).results).toMatchObject([{ memory: 'of ada' }])
  await memory.reset()
  expect((await om.stats()).memories).toBe(0)
})

test('an expired memory is shown on request', async () => {
  const { memory } = open()
  await memory.add('gone', { userId: 'ada', expirationDate: '2020-01-01' })
  expect((await memory.getAll(ADA)).results).toEqual([])
  expect((await memory.getAll({ ...ADA, showExpired: true })).results).toHaveLength(1)
})

test('the last day of a memory is shown as it was given', async () => {
  const { memory } = open()
  const { results } = await memory.add('a plan', { userId: 'ada', expirationDate: '2096-02-29' })
  const id = results[0]?.id as string
  expect((await memory.get(id))?.metadata).toEqual({ expiration_date: '2096-02-29' })
  await memory.update(id, { expirationDate: null })
  expect((await memory.get(id))?.metadata).toEqual({})
})

test('metadata does not say whose a memory is', async () => {
  const { memory } = open()
  const others = { user_id: 'bob', agentId: 'b', runId: 'r', actor_id: 'x' }
  const { results } = await memory.add('tea', { userId: 'ada', metadata: { ...others, source: 'chat' } })
  const id = results[0]?.id as string
  await memory.update(id, { metadata: { ...others, mood: 'good' } })
  const item = await memory.get(id)
  expect(item).toMatchObject({ user_id: 'ada', metadata: { source: 'chat', mood: 'good' } })
  expect(Object.keys(item?.metadata ?? {})).toEqual(['source', 'mood'])
})

test('no results are asked for, and a null changes nothing', async () => {
  const { memory } = open()
  await memory.add('tea', { userId: 'ada' })
  expect(await memory.search('tea', { ...ADA, topK: 0 })).toEqual({ results: [] })
  expect(await memory.getAll({ ...ADA, topK: 0 })).toEqual({ results: [] })
  await expect(memory.update('any', { metadata: null as never })).rejects.toThrow(/At least one of text/)
})

test('what is no text is left out, and named', async () => {
  const { memory } = open()
  const image = { type: 'image_url', image_url: { url: 'https://x.test/y.png' } }
  const { results, left_out } = await memory.add(
    [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [{ type: 'text', text: 'Rex is my parrot' }, image] },
      { role: 'assistant', content: null as never },
      { role: 'user', content: ' ' },
      { role: 'user', content: image },
      { role: 'user', content: { type: 'text', text: 'Ada drinks tea' } },
    ],
    { userId: 'ada' },
  )
  expect(results.map(({ memory }) => memory)).toEqual(['Rex is my parrot', 'Ada drinks tea'])
  const named = ['messages[1].content[1]', 'messages[2].content', 'messages[3].content', 'messages[4].content']
  expect(left_out).toEqual(named)
  expect(await memory.add('Ada drinks coffee', { userId: 'ada' })).not.toHaveProperty('left_out')
})

test('what Mem0 refuses is refused, and what cannot be done here too', async () => {
  const { memory } = open()
  const scoped = { userId: 'ada' }
  for (const [call, words] of [
    [() => memory.add('', scoped), /cannot be empty/],
    [() => memory.add([], scoped), /cannot be empty/],
    [() => memory.add([{ role: 'user', content: ' ' }], scoped), /only blank content/],
    [() => memory.add(undefined as never, scoped), /is required/],
    [() => memory.add([null] as never, scoped), /messages\[0\] must be an object with role and content/],
    [() => memory.add([{ role: 'user', content: 5 as never }], scoped), /messages\[0\]\.content must be a string/],
    [() => memory.add([{ role: 'user', content: [{ type: 'image_url' }] }], scoped), /only blank content/],
    [() => memory.add('x', {}), /userId, agentId or runId/],
    [() => memory.add('x', { userId: 'a b' }), /Invalid userId: cannot contain whitespace/],
    [() => memory.add('x', { userId: ' ' }), /cannot be empty or whitespace-only/],
    [() => memory.add('x', { ...scoped, infer: true }), /infer/],
    [() => memory.add('x', { ...scoped, expirationDate: 'soon' }), /YYYY-MM-DD/],
    [() => memory.add('x', { ...scoped, expirationDate: '2099-02-30' }), /YYYY-MM-DD/],
    [() => memory.search('x', { ...ADA, topK: -1 }), /Invalid topK/],
    [() => memory.search('x', {}), /at least one of: user_id, agent_id, run_id/],
    [() => memory.search('x', { ...ADA, threshold: 2 }), /between 0 and 1/],
    [() => memory.search('x', { userId: 'ada' } as never), /filters/],
    [() => memory.getAll({ limit: 1 } as never), /topK/],
    [() => memory.update('x', {}), /At least one of|at least one of/],
    [() => memory.deleteAll({}), /At least one filter is required/],
  ] as const) {
    await expect(call()).rejects.toThrow(words)
  }
  expect(() => new Memory({ path: 'x' } as never)).toThrow(/openmemory/)
})

test('a memory opens a store of its own, and closes it', async () => {
  const memory = Memory.fromConfig({ openmemory: { path: freshDirectory(), embedder: 'test' } })
  await memory.add('Ada drinks tea', { userId: 'ada' })
  await memory.close()
  await expect(memory.getAll(ADA)).rejects.toMatchObject({ code: 'CLOSED' })
})

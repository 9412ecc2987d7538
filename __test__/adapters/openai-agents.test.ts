// Sessions and tools under the real runner of the OpenAI Agents SDK, with its scripted model.

import { expect, test } from '@jest/globals'
import { Agent, Runner, type Session, setTracingDisabled, user } from '@openai/agents-core'
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing'
import { MemorySession, memoryTools } from '@openmemory/sdk/openai-agents'
import { openStore } from '../helpers/store'

setTracingDisabled(true)
const runner = new Runner({ tracingDisabled: true })
const textsOf = (items: readonly unknown[]) =>
  (items as { content?: unknown }[]).flatMap(({ content }) =>
    Array.isArray(content) ? content.map(({ text }) => text) : [content],
  )

test('an agent continues a conversation that another process began', async () => {
  const om = openStore()
  const first = new Agent({ name: 'a', model: new ScriptedModel([[assistantMessage('Noted.')]]) })
  await runner.run(first, 'I live in Lisbon.', { session: new MemorySession(om, { sessionId: 'chat', userId: 'ada' }) })
  const model = new ScriptedModel([[assistantMessage('In Lisbon.')]])
  const session: Session = new MemorySession(om, { sessionId: 'chat', userId: 'ada' })
  const { finalOutput } = await runner.run(new Agent({ name: 'a', model }), 'Where do I live?', { session })
  expect(finalOutput).toBe('In Lisbon.')
  expect(textsOf(await session.getItems())).toEqual(['I live in Lisbon.', 'Noted.', 'Where do I live?', 'In Lisbon.'])
  // What was said is found by meaning too.
  const [best] = await om.searchMemories('Lisbon', { filters: { user_id: 'ada', run_id: 'chat' } })
  expect(best?.content).toContain('Lisbon')
})

test('items keep their order and their fields', async () => {
  const session = new MemorySession(openStore(), { sessionId: 's' })
  const items = Array.from({ length: 120 }, (_, n) => ({ ...user(`item ${n}`), providerData: { n, deep: [null, {}] } }))
  for (let from = 0; from < items.length; from += 40) void session.addItems(items.slice(from, from + 40))
  await session.addItems([])
  expect(await session.getItems()).toEqual(items)
  expect(await session.getItems(3)).toEqual(items.slice(-3))
  expect(await session.getItems(0)).toEqual([])
  expect(await session.getSessionId()).toBe('s')
})

test('the last item is taken once, also by two at once', async () => {
  const om = openStore()
  const [one, other] = [new MemorySession(om, { sessionId: 's' }), new MemorySession(om, { sessionId: 's' })]
  await one.addItems([user('a'), user('b'), user('c')])
  const popped = await Promise.all([one.popItem(), other.popItem()])
  expect(textsOf(popped).sort()).toEqual(['b', 'c'])
  expect(textsOf(await one.getItems())).toEqual(['a'])
  await other.clearSession()
  expect([await one.popItem(), await one.getItems()]).toEqual([undefined, []])
})

test('sessions of one name do not mix between users', async () => {
  const om = openStore()
  const session = (options: { userId?: string }) => new MemorySession(om, { sessionId: '*', ...options })
  const all = [session({ userId: 'ada' }), session({ userId: '*' }), session({})]
  for (const [n, each] of all.entries()) await each.addItems([user(`of ${n}`)])
  await new MemorySession(om, { sessionId: 'other', userId: 'ada' }).addItems([user('elsewhere')])
  for (const [n, each] of all.entries()) expect(textsOf(await each.getItems())).toEqual([`of ${n}`])
  await all[2]?.clearSession()
  expect((await om.stats()).memories).toBe(3)
  expect(() => session({ userId: undefined })).toThrow(/userId/)
  expect(() => new MemorySession(om, { sessionId: '' })).toThrow(/sessionId/)
})

test('items up to 1 MiB are kept, and a longer one refuses its batch', async () => {
  const om = openStore()
  const session = new MemorySession(om, { sessionId: 's' })
  const output = (text: string) => ({
    ...{ type: 'function_call_result' as const, name: 'read', callId: '1', status: 'completed' as const },
    output: { type: 'text' as const, text },
  })
  await session.addItems([output('é'.repeat(500_000))])
  await expect(session.addItems([user('x'), output('x'.repeat(1_048_577))])).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
  await expect(session.addItems(['x'])).rejects.toMatchObject({ details: { field: 'items[0]' } })
  expect(await session.getItems()).toEqual([output('é'.repeat(500_000))])
})

test('a function call is replaced in its place', async () => {
  const session = new MemorySession(openStore(), { sessionId: 's' })
  const call = functionCall('f', { n: 1 }, { callId: '1' })
  await session.addItems([user('a'), call, user('b'), call])
  const replacement = functionCall('f', { n: 2 }, { callId: '1' })
  await session.applyHistoryMutations({
    mutations: [
      { type: 'replace_function_call', callId: '1', replacement },
      { type: 'replace_function_call', callId: 'none', replacement },
    ],
  })
  expect(await session.getItems()).toEqual([user('a'), replacement, user('b')])
})

test('a transaction is applied once, and completely or not at all', async () => {
  const om = openStore()
  const session = new MemorySession(om, { sessionId: 's', userId: 'ada' })
  await session.addItems([user('a'), user('b')])
  const append = { operationId: '1', transaction: { type: 'append_items' as const, items: [user('c')] } }
  const replace = {
    operationId: '2',
    transaction: {
      ...{ type: 'replace_suffix' as const, expectedSuffix: [user('b'), user('c')] },
      replacement: [user('d'), user('e'), user('f')],
    },
  }
  for (let n = 0; n < 2; n++) await session.applyHistoryTransaction(append)
  for (let n = 0; n < 2; n++) await session.applyHistoryTransaction(replace)
  const other = new MemorySession(om, { sessionId: 's', userId: 'ada' })
  await Promise.all([other, session].map((one) => one.applyHistoryTransaction(append)))
  expect(textsOf(await session.getItems())).toEqual(['a', 'd', 'e', 'f'])
  for (const [operationId, transaction] of [
    ['1', replace.transaction],
    ['3', replace.transaction],
    ['4', { ...replace.transaction, expectedSuffix: Array(9).fill(user('d')) }],
    ['5', { type: 'append_items', items: [user('g'), { content: 10n }] }],
    ['6', { type: 'append_items', items: [], more: 1 }],
    ['7', { type: 'toString', items: [] }],
    ['', append.transaction],
  ] as const) {
    const refused = session.applyHistoryTransaction({ operationId, transaction: transaction as never })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
  expect(textsOf(await session.getItems())).toEqual(['a', 'd', 'e', 'f'])
  // The records of transactions are no memories of anybody.
  expect((await om.listMemories()).memories).toHaveLength(4)
  await session.clearSession()
  expect((await om.stats()).memories).toBe(0)
})

test('of two that race with one transaction, one applies it', async () => {
  const om = openStore()
  const sessions = [1, 2, 3].map(() => new MemorySession(om, { sessionId: 's' }))
  await sessions[0]?.addItems([user('a')])
  const transaction = { type: 'replace_suffix' as const, expectedSuffix: [user('a')], replacement: [user('b')] }
  await Promise.all(sessions.map((one) => one.applyHistoryTransaction({ operationId: '1', transaction })))
  expect(textsOf((await sessions[0]?.getItems()) ?? [])).toEqual(['b'])
})

test('a transaction that another session applies just before its items are read is applied once', async () => {
  const om = openStore()
  const first = new MemorySession(om, { sessionId: 's' })
  await first.addItems([user('a')])
  const transaction = { type: 'replace_suffix' as const, expectedSuffix: [user('a')], replacement: [user('b')] }
  let applied: Promise<void> | undefined
  const late = new Proxy(om, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'listMemories') return typeof value === 'function' ? value.bind(target) : value
      return async (options: object) => {
        applied ??= first.applyHistoryTransaction({ operationId: '1', transaction })
        await applied
        return target.listMemories(options)
      }
    },
  })
  const second = new MemorySession(late, { sessionId: 's' })
  await second.applyHistoryTransaction({ operationId: '1', transaction })
  expect(applied).toBeDefined()
  expect(textsOf(await first.getItems())).toEqual(['b'])
  // Without that, items that are not there are refused as before.
  await expect(second.applyHistoryTransaction({ operationId: '2', transaction })).rejects.toThrow('no longer matches')
})

test('an agent adds and finds memories of its user by tools', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Bob drinks coffee', user_id: 'bob' })
  const model = new ScriptedModel([
    [functionCall('add_memory', { content: 'Ada drinks tea' }, { callId: '1' })],
    [functionCall('search_memories', { query: 'drinks', filters: { user_id: 'bob' } }, { callId: '2' })],
    [functionCall('search_memories', { query: 'drinks', limit: 'many' }, { callId: '3' })],
    [assistantMessage('done')],
  ])
  const agent = new Agent({ name: 'a', model, tools: memoryTools(om, { userId: 'ada' }) })
  const { newItems } = await runner.run(agent, 'x')
  const outputs = newItems.flatMap((item) => (item.type === 'tool_call_output_item' ? [String(item.output)] : []))
  expect(outputs.map((text) => JSON.parse(text))).toMatchObject([
    { content: 'Ada drinks tea' },
    { matches: [] },
    { code: 'INVALID_ARGUMENT', details: { field: 'limit' } },
  ])
  expect((await om.listMemories({ filters: { user_id: 'ada' } })).memories).toHaveLength(1)
})

test('arguments that are not JSON, and a closed store', async () => {
  const om = openStore()
  const [search] = memoryTools(om, { tools: ['search_memories'] })
  expect(JSON.parse((await search?.invoke({}, '{')) as string)).toMatchObject({ details: { field: 'arguments' } })
  expect(JSON.parse((await search?.invoke({}, '')) as string)).toMatchObject({ details: { field: 'query' } })
  await om.close()
  expect(JSON.parse((await search?.invoke({}, '{"query":"x"}')) as string)).toMatchObject({ code: 'CLOSED' })
})

test('bytes in an item come back as bytes, and what looks like them as it was', async () => {
  const session = new MemorySession(openStore(), { sessionId: 's' })
  const data = [
    new Uint8Array([0, 127, 255]),
    Buffer.from('tea'),
    { $bytes: 'dGVh' },
    { $$bytes: [{ $bytes: 1 }] },
    { $bytes: 'dGVh', type: 'two fields' },
  ]
  await session.addItems([{ ...user('with data'), providerData: { data } }])
  await session.applyHistoryTransaction({
    ...{
      operationId: 'one',
      transaction: { type: 'append_items', items: [{ ...user('more'), providerData: data[0] }] },
    },
  })
  const [first, second] = await session.getItems()
  expect(first.providerData.data).toEqual([data[0], new Uint8Array(Buffer.from('tea')), ...data.slice(2)])
  expect(second.providerData).toEqual(data[0])
})

test('a transaction of a proxy is refused, and nothing is appended', async () => {
  const session = new MemorySession(openStore(), { sessionId: 's' })
  const transaction = { type: 'append_items' as const, items: new Proxy([user('hidden')], {}) }
  await expect(session.applyHistoryTransaction({ operationId: 'one', transaction })).rejects.toThrow(
    'items contain invalid or unsupported data',
  )
  expect(await session.getItems()).toEqual([])
})

test.each([
  [false, false, true],
  [true, false, false],
  [false, true, false],
])('a log has items only if both kinds of data may be logged (%s, %s)', async (model, tool, shown) => {
  const lines: string[] = []
  const logger = { debug: (line: string) => lines.push(line), dontLogModelData: model, dontLogToolData: tool }
  const session = new MemorySession(openStore(), { sessionId: 's', logger })
  await session.addItems([user('SECRET')])
  await session.getItems()
  await session.popItem()
  expect(lines.map((line) => line.includes('SECRET'))).toEqual([shown, shown, shown])
  expect(lines[0]).toContain('Adding 1 items of session s')
})

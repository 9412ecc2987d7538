// The Model Context Protocol, as a host of models speaks it: a process, a line of JSON for each message.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from '@jest/globals'
import { serve } from './helpers/server'

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by each test
type Message = any

class Host {
  readonly #lines: AsyncIterator<string>
  #last = 0
  err = ''

  constructor(readonly child: ChildProcessWithoutNullStreams) {
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    child.stderr.on('data', (chunk) => (this.err += chunk))
  }

  say(text: string | object): void {
    this.child.stdin.write(`${typeof text === 'string' ? text : JSON.stringify(text)}\n`)
  }

  async heard(): Promise<Message> {
    const { value } = await this.#lines.next()
    return JSON.parse(value)
  }

  async ask(method: string, params?: object): Promise<Message> {
    const id = ++this.#last
    this.say({ jsonrpc: '2.0', id, method, params })
    const reply = await this.heard()
    expect(reply).toMatchObject({ jsonrpc: '2.0', id })
    return reply
  }

  async begin(protocolVersion = '2025-06-18'): Promise<Message> {
    const clientInfo = { name: 'a-host', version: '1' }
    const { result } = await this.ask('initialize', { protocolVersion, capabilities: {}, clientInfo })
    this.say({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return result
  }

  /** What a tool gave, which it tells as text and as data alike. */
  async use(name: string, args: object): Promise<Message> {
    const { result } = await this.ask('tools/call', { name, arguments: args })
    const told = JSON.parse(result.content[0].text)
    if (!result.isError) expect(told).toEqual(result.structuredContent)
    return result.isError ? { refused: told } : told
  }

  async end(): Promise<number | null> {
    this.child.stdin.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
    return this.child.exitCode
  }
}

const hosts: Host[] = []

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.end()))
})

/** On a server, so that no model has to be loaded. */
async function begin(...args: string[]) {
  const { server, store } = await serve()
  const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--url', server.url, ...args]))
  hosts.push(host)
  return { host, store }
}

test('a session begins with the versions and the names of both sides', async () => {
  const { host } = await begin()
  expect(await host.begin()).toMatchObject({
    ...{ protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'openmemory' } },
    instructions: expect.any(String),
  })
  expect((await host.ask('ping')).result).toEqual({})
})

test.each([
  ['2024-11-05', '2024-11-05'],
  ['2025-03-26', '2025-03-26'],
  ['2025-11-25', '2025-11-25'],
  ['1999-01-01', '2025-11-25'],
])('a host that speaks %s is answered in %s', async (asked, answered) => {
  const { host } = await begin()
  expect((await host.begin(asked)).protocolVersion).toBe(answered)
})

test('every tool is described, and does its work', async () => {
  const { host, store } = await begin('--user', 'ada')
  await host.begin()
  const { tools } = (await host.ask('tools/list')).result
  const names = tools.map(({ name }: Message) => name)
  expect(names.sort()).toEqual(
    [
      ...['add_memory', 'delete_memory', 'get_history', 'get_memory', 'list_memories', 'reinforce_memory'],
      ...['restore_memory', 'search_memories', 'update_memory'],
    ].sort(),
  )
  for (const { description, inputSchema, annotations } of tools) {
    expect(description.length).toBeGreaterThan(20)
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    for (const name of inputSchema.required) expect(inputSchema.properties).toHaveProperty(name)
    expect(annotations.readOnlyHint && annotations.destructiveHint).toBe(false)
  }

  const added = await host.use('add_memory', { content: 'Ada drinks tea', tags: ['taste'], metadata: { draft: true } })
  expect(added).toMatchObject({ content: 'Ada drinks tea', user_id: 'ada', version: 1 })
  const { id } = added
  const change = { content: 'Ada drinks coffee', metadata: { draft: null }, reason: 'she said so', if_version: 1 }
  expect(await host.use('update_memory', { id, ...change })).toMatchObject({
    version: 2,
    metadata: {},
    tags: ['taste'],
  })
  expect(
    (await host.use('search_memories', { query: 'coffee', k: 3, filters: { tags: 'taste' } })).matches,
  ).toMatchObject([{ id, score: expect.any(Number) }])
  expect((await host.use('search_memories', { query: 'coffee', min_score: 1 })).matches).toEqual([])
  expect(await host.use('get_memory', { id, version: 1 })).toMatchObject({ content: 'Ada drinks tea' })
  expect((await host.use('get_history', { id })).versions).toMatchObject([
    { version: 2, actor: 'a-host', reason: 'she said so' },
    { version: 1 },
  ])
  expect(await host.use('restore_memory', { id, version: 1 })).toMatchObject({ version: 3, content: 'Ada drinks tea' })
  const { salience } = await store.getMemory(id)
  expect((await host.use('reinforce_memory', { id, boost: 0.3 })).salience).toBeGreaterThan(salience)
  expect((await host.use('list_memories', { limit: 1 })).memories).toMatchObject([{ id }])
  expect(await host.use('delete_memory', { id })).toMatchObject({ id, deleted_at: expect.any(String) })
  expect((await store.stats()).memories).toBe(0)
})

test('what a tool refuses is told to the model, with its code and field', async () => {
  const { host } = await begin()
  await host.begin()
  for (const [name, args, refused] of [
    ['get_memory', { id: 'none' }, { code: 'NOT_FOUND' }],
    ['get_memory', {}, { code: 'MISSING_ID' }],
    ['add_memory', { text: 'x' }, { code: 'INVALID_ARGUMENT', details: { field: 'text' } }],
    ['add_memory', { content: '' }, { code: 'INVALID_ARGUMENT', details: { field: 'content' } }],
    ['search_memories', { query: 'x', filters: { colour: 1 } }, { details: { field: 'filters.colour' } }],
    ['search_memories', [], { details: { field: 'arguments' } }],
  ] as const) {
    expect(await host.use(name, args)).toMatchObject({ refused })
  }
})

test('what is no request is refused with the code of JSON-RPC, and the session goes on', async () => {
  const { host } = await begin()
  for (const [line, id, code] of [
    ['{', null, -32700],
    ['7', null, -32600],
    ['[]', null, -32600],
    ['{"id": 5, "method": "ping"}', 5, -32600],
    ['{"jsonrpc": "2.0", "id": {}, "method": "ping"}', null, -32600],
    ['{"jsonrpc": "2.0", "id": "a", "method": "fly"}', 'a', -32601],
    ['{"jsonrpc": "2.0", "id": 6, "method": "initialize"}', 6, -32602],
    ['{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "fly"}}', 7, -32602],
  ] as const) {
    host.say(line)
    expect(await host.heard()).toMatchObject({ jsonrpc: '2.0', id, error: { code, message: expect.any(String) } })
  }
  host.say('')
  host.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  host.say({ jsonrpc: '2.0', id: 9, result: {} })
  host.say([
    { jsonrpc: '2.0', id: 'b', method: 'ping' },
    { jsonrpc: '2.0', method: 'notifications/x' },
  ])
  expect(await host.heard()).toEqual([{ jsonrpc: '2.0', id: 'b', result: {} }])
  expect((await host.begin()).serverInfo.name).toBe('openmemory')
})

test('requests are answered while others wait, and all of them before the session ends', async () => {
  const { host, store } = await begin()
  await host.begin()
  const ids = Array.from({ length: 50 }, (_, n) => `request ${n}`)
  for (const id of ids) {
    host.say({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'add_memory', arguments: { content: id } } })
  }
  host.child.stdin.end()
  const answered = await Promise.all(ids.map(() => host.heard()))
  expect(answered.map(({ id }) => id).sort()).toEqual([...ids].sort())
  expect(await host.end()).toBe(0)
  expect((await store.stats()).memories).toBe(50)
  expect(host.err).toBe('')
})

test('SIGTERM ends a session with code 0', async () => {
  const { host } = await begin()
  await host.begin()
  host.child.kill('SIGTERM')
  const [code] = await once(host.child, 'exit')
  expect(code).toBe(0)
})

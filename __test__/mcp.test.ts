// The Model Context Protocol, as a host of models speaks it: a process, a line of JSON for each message.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { serve } from './helpers/server'
import { endAfterTest, freshDirectory, openStore } from './helpers/store'

// Windows has no SIGTERM: there the host closes standard input.
const unixTest = process.platform === 'win32' ? test.skip : test

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
    endAfterTest(() => this.end())
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

  /** What a tool answers: as data for programs, and as text for a model. */
  async answers(name: string, args: object): Promise<{ data: Message; text: string; refused: boolean }> {
    const { result } = await this.ask('tools/call', { name, arguments: args })
    return { data: result.structuredContent, text: result.content[0].text, refused: result.isError === true }
  }

  async use(name: string, args: object): Promise<Message> {
    const { data, text, refused } = await this.answers(name, args)
    return refused ? { refused: JSON.parse(text) } : data
  }

  async end(): Promise<number | null> {
    this.child.stdin.end()
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    return this.child.exitCode
  }
}

/** On a server, so that no model has to be loaded. */
async function begin(...args: string[]) {
  const { server, store } = await serve()
  const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--url', server.url, ...args]))
  return { host, store, url: server.url }
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
      ...['restore_memory', 'retire_memory', 'search_memories', 'update_memory', 'add_memories', 'delete_memories'],
      'get_context',
    ].sort(),
  )
  for (const { description, inputSchema, annotations } of tools) {
    expect(description.length).toBeGreaterThan(20)
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
    for (const name of inputSchema.required) expect(inputSchema.properties).toHaveProperty(name)
    expect(annotations.readOnlyHint && annotations.destructiveHint).toBe(false)
  }

  const added = await host.use('add_memory', { content: 'Ada drinks tea', tags: ['taste'], metadata: { draft: true } })
  const block = await host.use('get_context', { query: 'What does Ada drink?', tokens: 100, tags: ['taste'] })
  expect(block).toMatchObject({ ids: [added.id], omitted: 0 })
  expect(block.context.split('\n')[2]).toMatch(/^- "Ada drinks tea" \(told \w{3} \d{4}-\d\d-\d\d\) \[mem_\w+\]$/)
  expect(added).toMatchObject({ content: 'Ada drinks tea', user_id: 'ada', version: 1 })
  const { id } = added
  const change = { content: 'Ada drinks coffee', metadata: { draft: null }, reason: 'she said so', if_version: 1 }
  expect(await host.use('update_memory', { id, ...change })).toMatchObject({
    version: 2,
    metadata: {},
    tags: ['taste'],
  })
  expect(
    (await host.use('search_memories', { query: 'coffee', limit: 3, filters: { tags: 'taste' } })).matches,
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
  const again = { content: 'Ada drinks tea', tags: ['habit'] }
  expect(await host.use('add_memory', { ...again, if_exists: 'skip' })).toMatchObject({ id, existed: true, version: 3 })
  expect(await host.use('add_memory', { ...again, if_exists: 'touch' })).toMatchObject({ id, version: 4 })
  const { refused: late } = await host.use('delete_memory', { id, if_version: 3 })
  expect(late).toMatchObject({ code: 'VERSION_CONFLICT' })
  const gone = await host.use('delete_memory', { id, if_version: 4, reason: 'moved' })
  expect(gone).toMatchObject({ id, deleted_at: expect.any(String) })
  await expect(store.getMemory(id)).rejects.toMatchObject({ details: { actor: 'a-host', reason: 'moved' } })
  expect((await store.stats()).memories).toBe(0)
})

test('errors of a tool reach the model with code and field', async () => {
  const { host } = await begin()
  await host.begin()
  for (const [name, args, refused] of [
    ['get_memory', { id: 'none' }, { code: 'NOT_FOUND' }],
    ['get_memory', {}, { code: 'MISSING_ID' }],
    ['update_memory', { content: 'x' }, { code: 'MISSING_ID' }],
    ['update_memory', { id: 'none', content: 'x' }, { code: 'NOT_FOUND' }],
    ['add_memory', { text: 'x' }, { code: 'INVALID_ARGUMENT', details: { field: 'text' } }],
    ['add_memory', { content: '' }, { code: 'INVALID_ARGUMENT', details: { field: 'content' } }],
    ['search_memories', { query: 'x', filters: { colour: 1 } }, { details: { field: 'filters.colour' } }],
    ['search_memories', [], { details: { field: 'arguments' } }],
  ] as const) {
    expect(await host.use(name, args)).toMatchObject({ refused })
  }
})

test('a session that is pinned to a user neither shows nor changes memories of others', async () => {
  const { host, store } = await begin('--user', 'ada')
  await host.begin()
  const mine = await store.addMemory({ content: 'Ada drinks tea', user_id: 'ada', tags: ['drink'] })
  const his = await store.addMemory({ content: 'Bob drinks tea', user_id: 'bob', tags: ['drink'] })
  const nobodys = await store.addMemory({ content: 'Tea is a drink', tags: ['drink'] })

  for (const filters of [
    undefined,
    null,
    {},
    { user_id: '*' },
    { user_id: { ne: 'ada' } },
    { user_id: { exists: false } },
    { OR: [{ user_id: 'bob' }, { tags: 'drink' }] },
    { AND: [{ tags: 'drink' }] },
    { AND: { tags: 'drink' } },
    { NOT: { user_id: 'ada' } },
    { user_id: 'bob' },
    { AND: [{ user_id: 'bob' }] },
  ]) {
    const { matches } = await host.use('search_memories', { query: 'tea', limit: 10, filters })
    const { memories } = await host.use('list_memories', { filters })
    const ids = [...matches, ...memories].map(({ id }: Message) => id)
    expect(ids.filter((id: string) => id !== mine.id)).toEqual([])
  }
  expect((await host.use('search_memories', { query: 'tea', filters: { user_id: '*' } })).matches).toHaveLength(1)

  const before = await Promise.all([his.id, nobodys.id].map((id) => store.getMemory(id)))
  for (const id of [his.id, nobodys.id, 'mem_that_never_was']) {
    for (const [name, args] of [
      ['get_memory', {}],
      ['get_memory', { version: 1 }],
      ['get_memory', { version: 9 }],
      ['update_memory', { content: 'mine now' }],
      ['update_memory', { content: 'mine now', if_version: 9 }],
      ['delete_memory', {}],
      ['get_history', {}],
      ['restore_memory', { version: 1 }],
      ['retire_memory', {}],
      ['reinforce_memory', {}],
    ] as const) {
      expect(await host.use(name, { id, ...args })).toEqual({
        refused: { code: 'NOT_FOUND', message: `there is no memory ${id}`, details: { id } },
      })
    }
  }
  expect(await Promise.all([his.id, nobodys.id].map((id) => store.getMemory(id)))).toMatchObject(
    before.map(({ id, content, version }) => ({ id, content, version })),
  )

  for (const user_id of ['bob', 'ada', '*']) {
    expect(await host.use('add_memory', { content: 'x', user_id })).toMatchObject({
      refused: { code: 'INVALID_ARGUMENT', details: { field: 'user_id' } },
    })
  }
  expect(await host.use('add_memory', { content: 'x', user_id: null })).toMatchObject({ user_id: 'ada' })
  expect((await store.stats()).memories).toBe(4)
  expect(JSON.stringify((await host.ask('tools/list')).result)).not.toContain('user_id')
})

test('a pinned session keeps the paths of a wrong filter', async () => {
  const { host } = await begin('--user', 'ada')
  await host.begin()
  for (const [filters, field] of [
    [{ colour: 1 }, 'filters.colour'],
    [{ AND: [{ tags: 'a' }, { colour: 1 }] }, 'filters.AND[1].colour'],
    [['tags'], 'filters'],
  ] as const) {
    expect(await host.use('list_memories', { filters })).toMatchObject({ refused: { details: { field } } })
  }
})

test('without a user a session works on the memories of all users', async () => {
  const { host } = await begin()
  await host.begin()
  const { id } = await host.use('add_memory', { content: 'Bob drinks tea', user_id: 'bob' })
  expect(await host.use('get_memory', { id })).toMatchObject({ user_id: 'bob' })
  expect((await host.use('list_memories', { filters: { user_id: 'bob' } })).memories).toMatchObject([{ id }])
})

test('the text of an answer has what a model reads, and the data has the rest', async () => {
  const { host, store } = await begin()
  await host.begin()
  const added = await store.addMemory({ content: 'Ada drinks tea', tags: ['taste'], metadata: { source: 'chat' } })
  const { id, created_at } = added
  const found = await host.answers('search_memories', { query: 'Ada drinks tea' })
  expect(JSON.parse(found.text)).toEqual({
    matches: [{ id, content: 'Ada drinks tea', created_at, tags: ['taste'], score: expect.any(Number) }],
  })
  expect(found.data.matches).toMatchObject([{ id, metadata: { source: 'chat' }, similarity: expect.any(Number) }])

  const { updated_at } = await store.updateMemory(id, { content: 'Ada drinks coffee', tags: [] })
  const brief = { id, content: 'Ada drinks coffee', created_at, updated_at, valid_from: updated_at }
  expect(JSON.parse((await host.answers('list_memories', {})).text)).toEqual({ memories: [brief] })
  // Of one memory also what an update needs.
  const whole = { ...brief, version: 2, metadata: { source: 'chat' } }
  expect(JSON.parse((await host.answers('get_memory', { id })).text)).toEqual(whole)

  const eight = Array.from({ length: 8 }, (_, n) => ({ content: `The ${n}th note is short`, user_id: 'bob' }))
  await store.addMemories(eight)
  const { text } = await host.answers('search_memories', { query: 'short note', filters: { user_id: 'bob' } })
  expect(JSON.parse(text).matches).toHaveLength(8)
  expect(text.length).toBeLessThan(1200)
})

const BUDGET = 20_000

test('ten long notes fit into one answer, each with a truncation mark', async () => {
  const { host, store } = await begin()
  await host.begin()
  const note = (n: number) => `Note ${n}: ${'tea 🍵 '.repeat(3000)}`.slice(0, 19_000)
  await store.addMemories([
    ...Array.from({ length: 10 }, (_, n) => ({ content: note(n) })),
    { content: 'A short note' },
  ])
  for (const [name, args, list] of [
    ['search_memories', { query: 'note tea', limit: 11 }, 'matches'],
    ['list_memories', {}, 'memories'],
  ] as const) {
    const { data, text } = await host.answers(name, args)
    const memories = JSON.parse(text)[list]
    expect(memories).toHaveLength(11)
    expect(Math.max(text.length, JSON.stringify(data).length)).toBeLessThan(BUDGET + 500)
    expect(text.length).toBeGreaterThan(BUDGET / 2)
    for (const { id, content } of memories) {
      const whole = (await store.getMemory(id)).content
      const [, kept, left] =
        /^(.*?)(?:… \[(\d+) more characters; get_memory returns all of it\])?$/su.exec(content) ?? []
      expect(whole.startsWith(kept as string)).toBe(true)
      expect([...(kept as string)].length + Number(left ?? 0)).toBe([...whole].length)
      expect(left === undefined).toBe(whole === 'A short note')
    }
    expect(data[list].map(({ content }: Message) => content)).toEqual(memories.map(({ content }: Message) => content))
  }
})

test('a truncated content never replaces the full one', async () => {
  const { host, store } = await begin()
  await host.begin()
  const { id } = await store.addMemory({ content: 'tea '.repeat(10_000) })
  const [{ content }] = (await host.use('list_memories', {})).memories
  for (const [name, args] of [
    ['update_memory', { id, content }],
    ['add_memory', { content }],
  ] as const) {
    expect(await host.use(name, args)).toMatchObject({
      refused: { code: 'INVALID_ARGUMENT', details: { field: 'content' } },
    })
  }
  expect(await store.stats()).toMatchObject({ memories: 1 })
  expect((await store.getMemory(id)).version).toBe(1)
})

test('what does not fit into an answer is counted, or begins the next page', async () => {
  const { host, store } = await begin()
  await host.begin()
  const tags = Array.from({ length: 60 }, (_, n) => `${n}`.padEnd(250, 'x'))
  const metadata = { padding: 'x'.repeat(60_000) }
  const many = Array.from({ length: 150 }, (_, n) => ({ content: `Note ${n} ${'and more '.repeat(50)}` }))
  await store.addMemories([{ content: 'The note with much beside it', tags, metadata }, ...many])

  const found = await host.answers('search_memories', { query: 'The note with much beside it', limit: 151 })
  expect(JSON.stringify(found.data).length).toBeLessThan(BUDGET + 500)
  const { matches, omitted } = JSON.parse(found.text)
  expect([matches.length + omitted, found.data.omitted]).toEqual([151, omitted])
  const { tags: _, metadata: __, ...rest } = found.data.matches[0]
  expect(found.data.matches[0]).toEqual({ ...rest, left_out: ['tags', 'metadata'] })

  const met: string[] = []
  for (let cursor: string | undefined; ; ) {
    const { data, text } = await host.answers('list_memories', { limit: 151, cursor })
    expect(JSON.stringify(data).length).toBeLessThan(BUDGET + 500)
    expect(JSON.parse(text).next_cursor).toBe(data.next_cursor)
    met.push(...data.memories.map(({ id }: Message) => id))
    cursor = data.next_cursor
    if (cursor === undefined) break
  }
  expect([met.length, new Set(met).size]).toEqual([151, 151])
})

test('a history that exceeds the budget is read in parts', async () => {
  const { host, store } = await begin()
  await host.begin()
  const text = (n: number) => `${n} ${'tea and more '.repeat(1500)}`
  const { id } = await store.addMemory({ content: text(1) })
  for (let n = 2; n <= 40; n++) await store.updateMemory(id, { content: text(n), metadata: { n } }, { reason: `${n}` })
  const met: number[] = []
  for (let before: number | undefined; ; ) {
    const { data, text } = await host.answers('get_history', { id, before })
    expect(JSON.stringify(data).length).toBeLessThan(BUDGET + 500)
    const versions = JSON.parse(text).versions
    expect(versions[0]).toMatchObject({
      event: 'UPDATE',
      changed: ['content', 'metadata.n', 'valid_from'],
      reason: expect.any(String),
    })
    expect(versions[0].content).toMatch(/ more characters; get_memory returns all of it\]$/)
    met.push(...versions.map(({ version }: Message) => version))
    before = data.next_before
    if (before === undefined) break
  }
  expect(met).toEqual(Array.from({ length: 40 }, (_, n) => 40 - n))
})

test('get_memory returns all of it of a long memory, part by part beyond 50 000 characters', async () => {
  const { host, store } = await begin()
  await host.begin()
  const long = `${'🍵 tea, '.repeat(18_000)}the end`
  const added = await host.answers('add_memory', { content: long })
  expect(added.text.length).toBeLessThan(1000)
  const { id } = added.data
  let read = ''
  for (let offset: number | undefined; ; ) {
    const { data, text } = await host.answers('get_memory', { id, offset })
    expect([...data.content].length).toBeLessThanOrEqual(50_000)
    expect(JSON.parse(text)).toMatchObject({ id, content: data.content, version: 1 })
    expect(JSON.parse(text).next_offset).toBe(data.next_offset)
    read += data.content
    offset = data.next_offset
    if (offset === undefined) break
  }
  expect(read === long).toBe(true)
  const { id: whole } = await store.addMemory({ content: 'x'.repeat(50_000) })
  expect((await host.use('get_memory', { id: whole })).content).toHaveLength(50_000)
  for (const offset of [-1, 1.5, 50_000, 'x']) {
    expect(await host.use('get_memory', { id: whole, offset })).toMatchObject({
      refused: { details: { field: 'offset' } },
    })
  }
})

test("errors use the names of the tool's arguments, and nothing is changed", async () => {
  const { host, store } = await begin()
  await host.begin()
  const { id } = await store.addMemory({ content: 'Ada drinks tea' })
  for (const [name, args, field] of [
    ['search_memories', { query: 'x', min_score: 5 }, 'min_score'],
    ['search_memories', { query: 'x', min_score: 'high' }, 'min_score'],
    ['search_memories', { query: 'x', limit: 'many' }, 'limit'],
    ['search_memories', { query: 'x', k: 'many' }, 'k'],
    ['search_memories', { query: 'x', limit: 1, k: 2 }, 'limit'],
    ['search_memories', { query: 'x', filters: 'null' }, 'filters'],
    ['search_memories', { limit: 5 }, 'query'],
    ['update_memory', { id, content: 'x', if_version: 0 }, 'if_version'],
    ['update_memory', { id }, 'content'],
    ['update_memory', { id, reason: 'none' }, 'content'],
    ['restore_memory', { id, version: 'one' }, 'version'],
    ['restore_memory', { id }, 'version'],
    ['restore_memory', { id, version: 1, if_version: 'one' }, 'if_version'],
    ['add_memory', {}, 'content'],
    ['add_memory', { content: null }, 'content'],
    ['add_memory', { content: 'x', tags: '["a", 5]' }, 'tags[1]'],
  ] as const) {
    const { refused } = await host.use(name, args)
    expect(refused).toMatchObject({ details: { field }, message: expect.stringContaining(field) })
    expect(refused.message).not.toMatch(/minScore|ifVersion|patch/)
  }
  // An argument that does not exist is named as it came.
  for (const [name, args, field] of [
    ['search_memories', { query: 'x', minScore: 0.5 }, 'minScore'],
    ['update_memory', { id, patch: { content: 'x' } }, 'patch'],
  ] as const) {
    expect(await host.use(name, args)).toMatchObject({ refused: { details: { field } } })
  }
  expect(await host.use('get_memory', { id: null })).toMatchObject({ refused: { code: 'MISSING_ID' } })
  expect(await store.getMemory(id)).toMatchObject({ version: 1 })
  expect((await store.stats()).memories).toBe(1)
})

test('null counts as absent, and values as their JSON text', async () => {
  const { host, store } = await begin()
  await host.begin()
  const nothing = { tags: null, metadata: null, user_id: null, agent_id: null, run_id: null, expires_at: null }
  const added = await host.use('add_memory', { content: '5', ...nothing })
  expect(added).toMatchObject({ content: '5', tags: [], metadata: {} })
  expect(added).not.toHaveProperty('user_id')
  const { id } = added
  const asText = { tags: '["a", "b"]', metadata: '{"n": 1, "text": "2"}', if_version: '1' }
  expect(await host.use('update_memory', { id, content: null, ...asText })).toMatchObject({
    ...{ content: '5', tags: ['a', 'b'], metadata: { n: 1, text: '2' }, version: 2 },
  })
  const search = { query: '5', k: '5', min_score: '0', filters: '{"tags": "a"}' }
  expect((await host.use('search_memories', search)).matches).toMatchObject([{ id }])
  expect((await host.use('search_memories', { query: '5', k: null, filters: null })).matches).toMatchObject([{ id }])
  expect((await host.use('restore_memory', { id, version: '1', reason: null })).version).toBe(3)
  expect((await host.use('reinforce_memory', { id, boost: '0.5' })).id).toBe(id)
  const { result } = await host.ask('tools/call', { name: 'list_memories', arguments: null as unknown as object })
  expect(result.structuredContent.memories).toHaveLength(1)

  // An expiry is cleared explicitly, and not as a side effect.
  await host.use('update_memory', { id, expires_at: '2999-01-01' })
  expect(await host.use('update_memory', { id, tags: ['c'], expires_at: null })).toHaveProperty('expires_at')
  expect(await host.use('update_memory', { id, expires_at: 'never' })).not.toHaveProperty('expires_at')
  expect(await store.getMemory(id)).not.toHaveProperty('expires_at')
  expect(await host.use('add_memory', { content: 'x', expires_at: 'never' })).not.toHaveProperty('expires_at')
})

test('a session reports its store to the model (instructions) and to the host (log)', async () => {
  const path = join(freshDirectory(), 'memories')
  const host = new Host(
    spawn(process.execPath, [CLI, 'mcp', '--path', 'memories', '--user', 'ada'], { cwd: dirname(path) }),
  )
  const { instructions } = await host.begin()
  expect(instructions).toContain(realpathSync(dirname(path)))
  expect(instructions).toContain('ada')
  expect(await host.end()).toBe(0)
  expect(host.err).toBe(`openmemory: memories of ada in ${join(realpathSync(dirname(path)), 'memories')}\n`)

  const { host: remote, url } = await begin()
  expect((await remote.begin()).instructions).toContain(url)
})

test('an invalid request gets a JSON-RPC error, and the session continues', async () => {
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
  const { host, store, url } = await begin()
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
  expect(host.err).toBe(`openmemory: memories of all users on ${url}\n`)
})

test('named arguments select memories, and errors name them', async () => {
  const { host, store } = await begin()
  await host.begin()
  const scope = { user_id: 'ada', run_id: 'chat' }
  const kept = await store.addMemory({ content: 'tea one', tags: ['a', 'b'], created_at: '2026-02-01', ...scope })
  await store.addMemory({ content: 'tea two', tags: ['a'], created_at: '2026-03-01', ...scope })
  await store.addMemory({ content: 'tea three', tags: ['a', 'b'], created_at: '2026-02-01', user_id: '*' })
  for (const [args, found] of [
    [{}, 3],
    [{ user_id: 'ada' }, 2],
    [{ user_id: '*' }, 1],
    [{ run_id: 'chat' }, 2],
    [{ tags: ['a'] }, 3],
    [{ tags: ['a', 'b'] }, 2],
    [{ tags: '["a", "b"]', user_id: 'ada' }, 1],
    [{ since: '2026-02-15' }, 1],
    [{ until: '2026-02-15', user_id: 'ada' }, 1],
    [{ user_id: 'ada', filters: { AND: [{ tags: 'b' }] } }, 1],
  ] as const) {
    const { matches } = await host.use('search_memories', { query: 'tea', ...args })
    const { memories } = await host.use('list_memories', args)
    expect({ args, found: [matches.length, memories.length] }).toEqual({ args, found: [found, found] })
    if (found === 1 && 'filters' in args) expect(memories).toMatchObject([{ id: kept.id }])
  }
  for (const [args, field] of [
    [{ since: 'yesterday' }, 'since'],
    [{ user_id: 'ada', until: 5, filters: { AND: { tags: 'a' } } }, 'until'],
    [{ tags: [5] }, 'tags'],
    [{ user_id: 'ada', filters: { AND: [{ colour: 1 }] } }, 'filters.AND[0].colour'],
    [{ user_id: 'ada', filters: ['tags'] }, 'filters'],
  ] as const) {
    expect(await host.use('list_memories', args)).toMatchObject({ refused: { details: { field } } })
  }
})

/** The paths of schemas without keywords. */
function silentSchemas(schema: unknown): string[] {
  const paths: string[] = []
  JSON.stringify(schema, (field, value) => {
    if (field !== 'properties' && value?.constructor === Object && Object.keys(value).length === 0) paths.push(field)
    return value
  })
  return paths
}

test('a strict host can convert every tool: no argument is an object of any shape', async () => {
  const { host } = await begin()
  await host.begin()
  for (const { name, inputSchema, outputSchema, annotations } of (await host.ask('tools/list')).result.tools) {
    const types = Object.values(inputSchema.properties as Record<string, Message>).map(({ type }) => type)
    expect({ name, open: types.filter((type) => typeof type !== 'string' || type === 'object') }).toEqual({
      name,
      open: [],
    })
    expect(outputSchema).toMatchObject({ type: 'object', required: expect.any(Array) })
    // A schema without a word accepts anything, and says so nowhere: inspectors warn of it.
    expect({ name, silent: [inputSchema, outputSchema].flatMap(silentSchemas) }).toEqual({ name, silent: [] })
    const { readOnlyHint, destructiveHint, idempotentHint } = annotations
    expect(idempotentHint).toBe(readOnlyHint || destructiveHint)
  }
})

test('a cancelled call is not answered, and stores nothing', async () => {
  const { host, store } = await begin()
  await host.begin()
  const content = 'a long text about tea and more. '.repeat(6000)
  const call = { name: 'add_memory', arguments: { content } }
  host.say({ jsonrpc: '2.0', id: 'long', method: 'tools/call', params: call })
  host.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long' } })
  // Neither are those that are unknown, answered already, or not spelled like one.
  for (const params of [{ requestId: 'none' }, { requestId: 1 }, {}, 5, undefined]) {
    host.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
  }
  expect((await host.ask('ping')).result).toEqual({})
  expect(await host.end()).toBe(0)
  expect((await store.stats()).memories).toBe(0)
})

test('a host that asks for progress hears of a long call', async () => {
  const path = freshDirectory()
  const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--path', path]))
  await host.begin()
  const content = Array.from({ length: 9000 }, (_, n) => `word ${n} of a long text.`)
    .join(' ')
    .slice(0, 150_000)
  const params = { name: 'add_memory', arguments: { content }, _meta: { progressToken: 'p' } }
  host.say({ jsonrpc: '2.0', id: 'long', method: 'tools/call', params })
  const first = await host.heard()
  expect(first).toMatchObject({
    method: 'notifications/progress',
    params: { progressToken: 'p', progress: 1, message: expect.any(String) },
  })
  host.say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'long' } })
  host.say({ jsonrpc: '2.0', id: 'after', method: 'ping' })
  let last: Message
  do last = await host.heard()
  while (last.method === 'notifications/progress')
  expect(last).toEqual({ jsonrpc: '2.0', id: 'after', result: {} })
})

unixTest('SIGTERM ends a session with code 0', async () => {
  const { host } = await begin()
  await host.begin()
  host.child.kill('SIGTERM')
  const [code] = await once(host.child, 'exit')
  expect(code).toBe(0)
})

test('a request of 2026-07-28 describes itself, beside a session of an older revision', async () => {
  const { host, store } = await begin()
  const prefix = 'io.modelcontextprotocol/'
  const _meta = {
    ...{ [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: {} },
    [`${prefix}clientInfo`]: { name: 'another-host', version: '2' },
  }
  expect((await host.ask('server/discover', { _meta })).result).toMatchObject({
    ...{ supportedVersions: ['2026-07-28'], resultType: 'complete', instructions: expect.any(String) },
  })
  await host.begin()
  const { result } = await host.ask('tools/list', { _meta })
  expect(result).toMatchObject({ resultType: 'complete', ttlMs: 0, tools: expect.any(Array) })
  expect((await host.ask('tools/list')).result).not.toHaveProperty('resultType')
  const { id } = await store.addMemory({ content: 'Ada drinks tea' })
  const change = { name: 'update_memory', arguments: { id, content: 'Ada drinks milk' } }
  await host.ask('tools/call', { ...change, _meta })
  expect((await store.getHistory(id))[0]?.actor).toBe('another-host')
  expect((await host.ask('ping', { _meta })).error).toMatchObject({ code: -32601 })
  const old = { ..._meta, [`${prefix}protocolVersion`]: '2099-01-01' }
  expect((await host.ask('tools/list', { _meta: old })).error).toMatchObject({
    ...{ code: -32022, data: { supported: ['2026-07-28'], requested: '2099-01-01' } },
  })
})

test('several memories are added, listed by user, and deleted once their number is agreed', async () => {
  const { host, store } = await begin()
  await host.begin()
  const added = await host.use('add_memories', {
    memories: [
      { content: 'Ada drinks tea', user_id: 'ada', metadata: '{"source": "chat"}' },
      { content: 'Ada has a cat', user_id: 'ada', expires_at: '2020-01-01T00:00:00Z' },
      { content: '' },
      { content: 'Bob drinks milk', user_id: 'bob', metadata: { sure: true } },
    ],
  })
  expect(added).toMatchObject({
    added: 3,
    results: [{ ok: true }, { ok: true }, { code: 'INVALID_ARGUMENT' }, { ok: true }],
  })
  expect(await host.use('list_users', {})).toEqual({
    users: [{ user_id: 'ada', memories: 1 }, { user_id: 'bob', memories: 1 }], // biome-ignore format: a table
  })
  expect(await host.use('list_users', { limit: 1 })).toMatchObject({ omitted: 1 })
  const asked = await host.answers('delete_memories', { user_id: 'ada' })
  expect(asked.data).toMatchObject({ deleted: 0, would_delete: 2, examples: [{}, {}] })
  expect(asked.text).toContain('agreed: 2')
  expect(await host.use('delete_memories', { user_id: 'ada', agreed: 1 })).toMatchObject({
    deleted: 0,
    would_delete: 2,
  })
  for (const args of [{ agreed: 3 }, { tags: [], agreed: 3 }, {}]) {
    expect(await host.use('delete_memories', args)).toMatchObject({ refused: { code: 'INVALID_ARGUMENT' } })
  }
  expect((await store.stats()).memories).toBe(3)
  expect(await host.use('delete_memories', { user_id: 'ada', agreed: 2 })).toEqual({ deleted: 2 })
  expect((await store.listMemories()).memories).toMatchObject([{ user_id: 'bob', metadata: { sure: true } }])
})

test('a pinned session deletes and counts only its own', async () => {
  const { host, store } = await begin('--user', 'ada')
  await host.begin()
  await store.addMemories([{ content: 'a', user_id: 'ada', tags: ['x'] }, { content: 'b', user_id: 'bob', tags: ['x'] }]) // biome-ignore format: a table
  expect(await host.use('delete_memories', { tags: ['x'], agreed: 2 })).toMatchObject({ would_delete: 1 })
  expect(await host.use('delete_memories', { tags: ['x'], agreed: 1 })).toEqual({ deleted: 1 })
  const memories = [{ content: 'c' }, { content: 'd', user_id: 'bob' }]
  const { added, results } = await host.use('add_memories', { memories })
  expect([added, results[0].ok, results[1]]).toMatchObject([1, true, { ok: false, code: 'INVALID_ARGUMENT' }])
  expect(results[1].message).toMatch(/^memories\[1\]\.user_id is not an argument/)
  expect((await store.listMemories()).memories.map(({ user_id }) => user_id).sort()).toEqual(['ada', 'bob'])
  expect((await host.ask('tools/call', { name: 'list_users', arguments: {} })).error).toMatchObject({ code: -32602 })
})

test('three hosts use one directory, and go on when the first one ends', async () => {
  const path = freshDirectory()
  const start = async () => {
    const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--path', path]))
    await host.begin()
    return host
  }
  const [first, second, third] = await Promise.all([start(), start(), start()])
  const all = [first, second, third] as const
  for (const [n, host] of all.entries())
    expect(await host.use('add_memory', { content: `of ${n}` })).toMatchObject({ version: 1 })
  for (const host of all) expect((await host.use('list_memories', {})).memories).toHaveLength(3)
  const note = JSON.parse(readFileSync(join(path, '.holder.json'), 'utf8'))
  if (process.platform !== 'win32') expect(statSync(join(path, '.holder.json')).mode & 0o777).toBe(0o600)
  expect((await fetch(`${note.url}/stats`)).status).toBe(401)
  // Whoever holds the directory, the others go on without it.
  for (let left = all.length - 1; left >= 1; left--) {
    const ended = all[all.length - 1 - left] as Host
    ended.child.kill('SIGKILL')
    await once(ended.child, 'exit')
    for (const host of all.slice(all.length - left)) {
      expect((await host.use('list_memories', {})).memories.length).toBeGreaterThanOrEqual(3)
      await host.use('add_memory', { content: `after ${left}` })
    }
  }
  expect((await third.use('list_memories', {})).memories).toHaveLength(6)
}, 120_000)

test('a host finds the server of a program that has the directory', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  const server = await om.serve({ port: 0 })
  const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--path', path]))
  expect((await host.begin()).instructions).not.toContain('refused')
  await host.use('add_memory', { content: 'Ada drinks tea' })
  expect((await om.listMemories()).memories).toMatchObject([{ content: 'Ada drinks tea' }])
  await server.close()
  expect(existsSync(join(path, '.holder.json'))).toBe(false)
  const keyed = await om.serve({ port: 0, apiKeys: ['default=a-key-of-24-characters-x'] })
  expect(existsSync(join(path, '.holder.json'))).toBe(false)
  await keyed.close()
})

test('a host hears at once that a program has the directory to itself, and goes on when it has closed it', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  await om.addMemory({ content: 'Ada drinks tea' })
  const start = () => new Host(spawn(process.execPath, [CLI, 'mcp', '--path', path, '--wait', '0']))
  const [host, alone] = [start(), start()]
  const { instructions } = await host.begin()
  expect(instructions).toContain(`refused: the directory is open in another process (${process.pid}); close it there`)
  const envelope = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } // biome-ignore format: a table
  const { result } = await alone.ask('server/discover', { _meta: envelope })
  expect(result.instructions).toBe(instructions)
  expect(await host.use('list_memories', {})).toMatchObject({ refused: { code: 'LOCKED' } })
  await om.close()
  expect((await host.use('list_memories', {})).memories).toHaveLength(1)
  expect((await start().begin()).instructions).not.toContain('refused')
})

test('a host finds the server that has the directory', async () => {
  const path = freshDirectory()
  const server = spawn(process.execPath, [CLI, 'serve', '--path', path, '--port', '0', '--quiet', '--stop-with-stdin'])
  try {
    for (let n = 0; n < 200 && !existsSync(join(path, '.holder.json')); n++) await pause(50)
    const host = new Host(spawn(process.execPath, [CLI, 'mcp', '--path', path]))
    await host.begin()
    expect(await host.use('add_memory', { content: 'Ada drinks tea' })).toMatchObject({ version: 1 })
  } finally {
    server.stdin.end()
    await once(server, 'exit')
  }
  expect(existsSync(join(path, '.holder.json'))).toBe(false)
})

// The Model Context Protocol over HTTP: a message for each request, with the keys and tenants of the server.

import { expect, test } from '@jest/globals'
import { type Ask, serve } from '../helpers/server'

const PREFIX = 'io.modelcontextprotocol/'
const NEWEST = '2026-07-28'
const ADA = 'a-key-of-tenant-ada'
const BOB = 'a-key-of-tenant-bob'

function message(method: string, params?: object, id: unknown = 1) {
  return { jsonrpc: '2.0', ...(id !== null && { id }), method, ...(params && { params }) }
}

/** A request that describes itself, in its body and its headers. */
function alone(method: string, params: { name?: string } & object = {}) {
  const _meta = {
    [`${PREFIX}protocolVersion`]: NEWEST,
    [`${PREFIX}clientCapabilities`]: {},
    [`${PREFIX}clientInfo`]: { name: 'a-host', version: '1' },
  }
  const headers: Record<string, string> = { 'mcp-protocol-version': NEWEST, 'mcp-method': method }
  if (params.name !== undefined) headers['mcp-name'] = params.name
  return { body: message(method, { ...params, _meta }), headers }
}

async function tool(ask: Ask, name: string, args: object, more: { key?: string; path?: string } = {}) {
  const { path = '/mcp', ...asking } = more
  const { body } = await ask('POST', path, { body: message('tools/call', { name, arguments: args }), ...asking })
  return body.result.structuredContent ?? JSON.parse(body.result.content[0].text)
}

test('a session of an older revision', async () => {
  const { ask, store } = await serve()
  const clientInfo = { name: 'a-host', version: '1' }
  const begun = await ask('POST', '/mcp', {
    body: message('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }),
  })
  expect(begun).toMatchObject({ status: 200, body: { id: 1, result: { protocolVersion: '2025-11-25' } } })
  const session = { 'mcp-session-id': String(begun.headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' }
  const initialized = message('notifications/initialized', undefined, null)
  expect(await ask('POST', '/mcp', { body: initialized, headers: session })).toMatchObject({ status: 202, text: '' })
  const { body } = await ask('POST', '/mcp', { body: message('tools/list'), headers: session })
  expect(body.result.tools.map(({ name }: { name: string }) => name)).toContain('search_memories')
  const { id } = await tool(ask, 'add_memory', { content: 'Ada drinks tea', user_id: 'ada' })
  const update = message('tools/call', { name: 'update_memory', arguments: { id, content: 'Ada drinks milk' } })
  await ask('POST', '/mcp', { body: update, headers: session })
  // The session's id says who made the change.
  expect((await store.getHistory(id))[0]).toMatchObject({ actor: 'a-host', content: 'Ada drinks milk' })
})

test('a request of 2026-07-28 needs no session', async () => {
  const { ask, store } = await serve()
  const discovered = await ask('POST', '/mcp', alone('server/discover'))
  expect(discovered).toMatchObject({
    status: 200,
    body: {
      result: {
        ...{ supportedVersions: [NEWEST], capabilities: { tools: {} }, resultType: 'complete', cacheScope: 'private' },
        ...{ ttlMs: 0, _meta: { [`${PREFIX}serverInfo`]: { name: 'openmemory' } } },
      },
    },
  })
  const { id } = await store.addMemory({ content: 'Ada drinks tea' })
  const change = { name: 'update_memory', arguments: { id, content: 'Ada drinks milk' } }
  expect((await ask('POST', '/mcp', alone('tools/call', change))).body.result).toMatchObject({
    ...{ resultType: 'complete', structuredContent: { version: 2 } },
  })
  expect((await store.getHistory(id))[0]?.actor).toBe('a-host')
  expect(await ask('POST', '/mcp', alone('ping'))).toMatchObject({ status: 404, body: { error: { code: -32601 } } })
})

test('headers that contradict the body, and envelopes that are not whole, are refused', async () => {
  const { ask } = await serve()
  const { body, headers } = alone('tools/call', { name: 'list_users', arguments: {} } as object)
  const without = (name: string) => Object.fromEntries(Object.entries(headers).filter(([known]) => known !== name))
  const meta = (changed: object) => ({
    ...body,
    params: { _meta: { ...(body.params as { _meta: object })._meta, ...changed } },
  })
  for (const [asking, code] of [
    [{ body, headers: { ...headers, 'mcp-method': 'tools/list' } }, -32020],
    [{ body, headers: { ...headers, 'mcp-name': 'add_memory' } }, -32020],
    [{ body, headers: without('mcp-protocol-version') }, -32020],
    [{ body: message('tools/list'), headers: { 'mcp-protocol-version': NEWEST } }, -32602],
    [{ body: message('tools/list'), headers: { 'mcp-protocol-version': '1999-01-01' } }, -32022],
    [{ body: meta({ [`${PREFIX}protocolVersion`]: '2099-01-01' }) }, -32022],
    [{ body: meta({ [`${PREFIX}clientCapabilities`]: null }) }, -32602],
    [{ body: '{' }, -32700],
    [{ body: { id: 1 } }, -32600],
  ] as const) {
    expect(await ask('POST', '/mcp', asking as object)).toMatchObject({ status: 400, body: { error: { code } } })
  }
  const encoded = { ...headers, 'mcp-name': `=?base64?${Buffer.from('list_users').toString('base64')}?=` }
  expect((await ask('POST', '/mcp', { body, headers: encoded })).body.result.structuredContent).toEqual({ users: [] })
})

test('tools reach the memories of the key, and of the user of the address', async () => {
  const { ask } = await serve({ apiKeys: [`ada=${ADA}`, `bob=${BOB}`] })
  expect((await ask('POST', '/mcp', { body: message('tools/list') })).status).toBe(401)
  await tool(ask, 'add_memory', { content: 'Ada drinks tea', user_id: 'ada' }, { key: ADA })
  await tool(ask, 'add_memory', { content: 'Eve drinks tea', user_id: 'eve' }, { key: ADA })
  expect((await tool(ask, 'search_memories', { query: 'tea' }, { key: ADA })).matches).toHaveLength(2)
  expect((await tool(ask, 'search_memories', { query: 'tea' }, { key: BOB })).matches).toEqual([])
  const pinned = { key: ADA, path: '/mcp?user=ada' }
  expect((await tool(ask, 'search_memories', { query: 'tea', filters: { user_id: 'eve' } }, pinned)).matches).toEqual(
    [],
  )
  expect((await tool(ask, 'search_memories', { query: 'tea' }, pinned)).matches).toHaveLength(1)
  const bearer = { authorization: `Bearer ${BOB}` }
  const { body } = await ask('POST', '/mcp', { body: message('tools/call', { name: 'list_users' }), headers: bearer })
  expect(body.result.structuredContent).toEqual({ users: [] })
})

test('other methods, origins and parameters are refused', async () => {
  const { ask } = await serve()
  for (const method of ['GET', 'DELETE']) {
    expect(await ask(method, '/mcp')).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  }
  const evil = { body: message('tools/list'), headers: { origin: 'https://evil.example' } }
  expect((await ask('POST', '/mcp', evil)).status).toBe(403)
  expect((await ask('POST', '/mcp?users=ada', { body: message('tools/list') })).status).toBe(400)
  expect((await ask('POST', '/mcp?user=', { body: message('tools/list') })).status).toBe(400)
})

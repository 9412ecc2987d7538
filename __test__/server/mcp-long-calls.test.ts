// Long calls of tools over HTTP: what a host hears of them before the answer, and how it ends them.

import { request as begin } from 'node:http'
import { expect, test } from '@jest/globals'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { FunctionEmbedder } from '@openmemory/sdk'
import { fakeModel, operations } from '../helpers/fake-model'
import { serve } from '../helpers/server'

const HAS_CAT = operations(() => [{ quote: 'got a cat', text: 'Ada has a cat' }])
const CAT = { name: 'learn', arguments: { text: 'I got a cat', user_id: 'ada' } }

/** The revisions, as the official client speaks them: the newest one, and the one before it, which has sessions. */
const REVISIONS = [
  ['2026-07-28', { pin: '2026-07-28' }],
  ['2025-11-25', 'legacy'],
] as const

async function host(url: string, mode: (typeof REVISIONS)[number][1]) {
  const client = new Client({ name: 'a-host', version: '1' }, { versionNegotiation: { mode } })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)))
  return client
}

async function until(fulfilled: () => boolean | Promise<boolean>) {
  while (!(await fulfilled())) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A model that answers when it is told to, and knows whether its client still waits. */
async function heldModel() {
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const left = { count: 0 }
  const model = await fakeModel(async (exchange, response) => {
    response.on('close', () => {
      if (!response.writableEnded) left.count += 1
    })
    await held
    if (!response.destroyed) await HAS_CAT(exchange, response)
  })
  return { ...model, answer, left }
}

test.each(REVISIONS)(
  'a client of %s that asks for progress hears of a long call, and has its result',
  async (_, mode) => {
    const model = await heldModel()
    const { server } = await serve({}, { languageModel: model.endpoint })
    const client = await host(server.url, mode)
    const heard: number[] = []
    const onprogress = ({ progress }: { progress: number }) => {
      heard.push(progress)
      if (heard.length === 2) model.answer()
    }
    const { structuredContent } = await client.callTool(CAT, { onprogress })
    expect(structuredContent).toMatchObject({ status: 'done', operations: [{ state: 'applied' }] })
    expect(heard.length).toBeGreaterThanOrEqual(2)
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b))
    await client.close()
  },
  30_000,
)

test.each(REVISIONS)(
  'a call that a client of %s cancels stops, and nothing of it is kept',
  async (_, mode) => {
    const model = await heldModel()
    const { server, store } = await serve({}, { languageModel: model.endpoint })
    const client = await host(server.url, mode)
    const stop = new AbortController()
    const call = client.callTool(CAT, { signal: stop.signal })
    call.catch(() => undefined)
    await until(() => model.exchanges.length === 1)
    stop.abort()
    await expect(call).rejects.toThrow()
    await until(() => model.left.count === 1)
    model.answer()
    expect((await client.callTool({ name: 'list_users', arguments: {} })).structuredContent).toEqual({ users: [] })
    expect((await store.listLearnings()).learnings).toEqual([])
    await client.close()
  },
  30_000,
)

test.each(REVISIONS)(
  'of several memories, none is stored by a call that a client of %s cancels',
  async (_, mode) => {
    let embeds = 0
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    const embedder: FunctionEmbedder = {
      id: 'held',
      dimensions: 4,
      embed: async (texts) => {
        embeds += 1
        await held
        return texts.map(() => [1, 0, 0, 0])
      },
    }
    const { server, store } = await serve({}, { embedder })
    const client = await host(server.url, mode)
    const stop = new AbortController()
    const memories = Array.from({ length: 50 }, (_, n) => ({ content: `Ada has ${n} cats` }))
    const call = client.callTool({ name: 'add_memories', arguments: { memories } }, { signal: stop.signal })
    call.catch(() => undefined)
    await until(() => embeds > 0)
    stop.abort()
    await expect(call).rejects.toThrow()
    // The server has heard of it once it answers the next message.
    await client.callTool({ name: 'list_users', arguments: {} })
    go()
    await until(async () => (await store.stats()).memories === 0)
    await store.addMemory({ content: 'Ada drinks tea' })
    expect((await store.stats()).memories).toBe(1)
    await client.close()
  },
  30_000,
)

interface Posted {
  status: number
  type: string | undefined
  text: string
}

/** A message by hand; `end` hangs up. */
function post(port: number, body: object, headers: Record<string, string> = {}) {
  let end = () => {}
  const posted = new Promise<Posted>((resolve, reject) => {
    const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }
    const sent = begin(
      { host: '127.0.0.1', port, method: 'POST', path: '/mcp', headers: all, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, type: headers['content-type'], text: Buffer.concat(chunks).toString() })
        })
      },
    )
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
    end = () => sent.destroy()
  })
  posted.catch(() => undefined)
  return { posted, end }
}

const call = (id: unknown, meta = {}) => ({
  ...{ jsonrpc: '2.0', id, method: 'tools/call' },
  params: { ...CAT, _meta: { progressToken: 'p', ...meta } },
})
const cancelled = (requestId: unknown) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } })

test('an answer is an event stream if something comes before it, and the host takes one', async () => {
  const model = await heldModel()
  const { server } = await serve({}, { languageModel: model.endpoint })
  const streamed = post(server.port, call(7))
  const whole = post(server.port, call(8), { accept: 'application/json' })
  setTimeout(model.answer, 2500)
  const { status, type, text } = await streamed.posted
  expect([status, type]).toEqual([200, 'text/event-stream'])
  const events = text.split('\n\n').filter(Boolean)
  expect(events.every((event) => event.startsWith('event: message\ndata: '))).toBe(true)
  const messages = events.map((event) => JSON.parse(event.slice(event.indexOf('{'))))
  expect(messages[0]).toEqual({
    ...{ jsonrpc: '2.0', method: 'notifications/progress' },
    params: { progressToken: 'p', progress: 1, message: '1 s' },
  })
  expect(messages.at(-1)).toMatchObject({ id: 7, result: { structuredContent: { status: 'done' } } })
  const { type: kind, text: body } = await whole.posted
  expect(kind).toBe('application/json')
  expect(JSON.parse(body)).toMatchObject({ id: 8, result: { structuredContent: { status: 'done' } } })
}, 30_000)

test('a host without a session cancels by hanging up; one with a session says so', async () => {
  const model = await heldModel()
  const { server } = await serve({}, { languageModel: model.endpoint })
  const alone = post(server.port, call(1))
  await until(() => model.exchanges.length === 1)
  alone.end()
  await until(() => model.left.count === 1)
  const session = { 'mcp-session-id': '0199ab00-0000-7000-8000-000000000000.YQ' }
  const lost = post(server.port, call(2), session)
  await until(() => model.exchanges.length === 2)
  lost.end()
  const other = { 'mcp-session-id': '0199ab00-0000-7000-8000-000000000001.YQ' }
  for (const headers of [other, {}]) expect((await post(server.port, cancelled(2), headers).posted).status).toBe(202)
  // Neither a lost connection nor another session's message has ended it.
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(model.left.count).toBe(1)
  expect((await post(server.port, cancelled(2), session).posted).status).toBe(202)
  await until(() => model.left.count === 2)
  // To a request that was cancelled nothing is answered.
  const waiting = post(server.port, call('x'), { ...session, accept: 'application/json' })
  await until(() => model.exchanges.length === 3)
  await post(server.port, cancelled('x'), session).posted
  expect(await waiting.posted).toMatchObject({ status: 202, text: '' })
}, 30_000)

test('a message of another key cancels nothing', async () => {
  const [ann, bob] = ['a-key-of-tenant-ann', 'a-key-of-tenant-bob']
  const model = await heldModel()
  const { server } = await serve({ apiKeys: [`ann=${ann}`, `bob=${bob}`] }, { languageModel: model.endpoint })
  const session = { 'mcp-session-id': '0199ab00-0000-7000-8000-000000000000.YQ' }
  const running = post(server.port, call(1), { ...session, 'x-api-key': ann })
  await until(() => model.exchanges.length === 1)
  await post(server.port, cancelled(1), { ...session, 'x-api-key': bob }).posted
  model.answer()
  const { text } = await running.posted
  expect(text).toContain('"status":"done"')
})

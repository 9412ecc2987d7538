// A model's tools for learning: additions are applied, changes wait, and a pinned session reaches its user only.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { fakeModel, numberOf, operation, operations } from './helpers/fake-model'
import { endAfterTest, freshDirectory, openEmbedded } from './helpers/store'

interface Session {
  answer(method: string, params: object, exchange: object): Promise<Record<string, unknown>>
}

const { Session } = require('../dist/mcp/session') as {
  Session: new (om: OpenMemory, options: object) => Session
}

const ANSWERS = operations((asked) => [
  {
    op: 'update',
    memory: numberOf(asked, 'Ada lives in Lisbon'),
    change: 'new_state',
    message: asked.messages.length,
    quote: 'moved to Porto',
    text: 'Ada lives in Porto',
  },
  { quote: 'got a cat', text: 'Ada has a cat' },
])

async function scene() {
  const model = await fakeModel(ANSWERS)
  const om = openEmbedded({ languageModel: model.endpoint })
  await om.addMemory({ id: 'a', content: 'Ada lives in Lisbon', user_id: 'ada', created_at: '2024-06-10' })
  const session = (userId?: string, learns = true) => new Session(om, { version: '0', where: 'here', userId, learns })
  return { om, session }
}

async function use(session: Session, name: string, args: object) {
  const { structuredContent, content, isError } = await session.answer('tools/call', { name, arguments: args }, {})
  return isError ? JSON.parse((content as { text: string }[])[0]?.text ?? '') : structuredContent
}

async function names(session: Session) {
  const { tools } = await session.answer('tools/list', {}, {})
  return (tools as { name: string }[]).map(({ name }) => name)
}

test('the tools are there only where a language model is', async () => {
  const { session } = await scene()
  const again = ['consolidate_memories', 'relearn_messages']
  const learning = ['learn', 'review_changes', 'undo_learning', ...again, 'why']
  expect((await names(session('ada'))).slice(-6)).toEqual(learning)
  expect(await names(session('ada', false))).not.toEqual(expect.arrayContaining(['learn']))
})

test('additions are applied, changes wait for a review, and both are undone', async () => {
  const { om, session } = await scene()
  const ada = session('ada')
  const learnt = await use(ada, 'learn', { text: 'I moved to Porto and got a cat', at: '2026-03-03' })
  expect(learnt.operations.map(({ state }: { state: string }) => state)).toEqual(['waiting', 'applied'])
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
  const decided = await use(ada, 'review_changes', { learning: learnt.id, decision: 'apply', reason: 'she said so' })
  expect(decided.status).toBe('done')
  expect(await use(ada, 'why', { id: 'a' })).toMatchObject({ sources: [{ version: 2, quote: 'moved to Porto' }] })
  expect((await use(ada, 'undo_learning', { learning: learnt.id })).status).toBe('undone')
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
})

test('a session of another user finds neither learnings nor memories', async () => {
  const { session } = await scene()
  const learnt = await use(session('ada'), 'learn', { text: 'I moved to Porto and got a cat' })
  const bob = session('bob')
  for (const [tool, args] of [
    ['review_changes', { learning: learnt.id, decision: 'apply' }],
    ['undo_learning', { learning: learnt.id }],
    ['why', { id: 'a' }],
  ] as const) {
    expect(await use(bob, tool, args)).toMatchObject({ code: 'NOT_FOUND' })
  }
  expect(await use(bob, 'learn', { text: 'x y', user_id: 'ada' })).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('memories are looked at again and kept messages learnt from once more, for the user of the session only', async () => {
  const { om, session } = await scene()
  const ada = session('ada')
  const feedback = 'I moved to Porto'
  const corrected = await use(ada, 'consolidate_memories', { memories: ['a'], feedback })
  expect(corrected.operations).toMatchObject([{ op: 'update', state: 'waiting' }, { state: 'refused' }])
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
  expect((await use(session('bob'), 'consolidate_memories', { memories: ['a'], feedback })).code).toBe('NOT_FOUND')
  expect(await use(session('bob'), 'consolidate_memories', {})).toEqual({ status: 'nothing', operations: [] })
  await use(ada, 'learn', { text: 'I moved to Porto and got a cat' })
  const { learnings } = await use(ada, 'relearn_messages', { instructions: 'homes' })
  expect(learnings.length).toBe(1)
  expect(await use(session('bob'), 'relearn_messages', {})).toEqual({ learnings: [] })
})

/** A host whose own model answers by `sample`; without it, the host offers no sampling. */
async function sampling(sample?: (params: Sampled) => object, path = freshDirectory()) {
  const cli = join(__dirname, '..', 'dist', 'cli', 'index.js')
  const args = [cli, 'mcp', '--path', path, '--user', 'ada', '--model', 'host']
  const child = spawn(process.execPath, args, { env: { ...process.env, OPENMEMORY_LLM_URL: '' } })
  endAfterTest(() => child.kill() && once(child, 'exit'))
  const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by each test
  const waiting = new Map<unknown, (result: any) => void>()
  createInterface(child.stdout).on('line', (line) => {
    const { id, method, params, result } = JSON.parse(line)
    if (method === 'sampling/createMessage') say({ id, ...sample?.(params) })
    else waiting.get(id)?.(result)
  })
  let last = 0
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const ask = (method: string, params: object = {}): Promise<any> => {
    const id = ++last
    say({ id, method, params })
    return new Promise((resolve) => waiting.set(id, resolve))
  }
  const clientInfo = { name: 'a-host', version: '1' }
  const capabilities = sample ? { sampling: {} } : {}
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities, clientInfo })
  return { ask, use: async (name: string, args: object) => ask('tools/call', { name, arguments: args }) }
}

interface Sampled {
  systemPrompt: string
  maxTokens: number
  messages: { role: string; content: { type: string; text: string } }[]
}

test("the host's own model is asked where it offers that", async () => {
  const asked: Sampled[] = []
  const add = operation({ quote: 'got a cat', text: 'Ada has a cat' })
  const { ask, use } = await sampling((params) => {
    asked.push(params)
    const text = JSON.stringify({ operations: [add] })
    return { result: { role: 'assistant', model: 'm', stopReason: 'endTurn', content: { type: 'text', text } } }
  })
  const { tools } = await ask('tools/list')
  expect(tools.map(({ name }: { name: string }) => name)).toContain('learn')
  const { structuredContent } = await use('learn', { text: 'I got a cat' })
  expect(structuredContent.operations).toMatchObject([{ op: 'add', state: 'applied', content: 'Ada has a cat' }])
  const [request] = asked
  expect(request?.systemPrompt).toContain('"operations"')
  expect(JSON.parse(request?.messages[0]?.content.text ?? '').messages).toMatchObject([{ text: 'I got a cat' }])
  // What SharedStore hands on.
  expect((await use('relearn_messages', {})).structuredContent.learnings.length).toBe(1)
  const looked = await use('consolidate_memories', {})
  expect(looked.structuredContent).toEqual({ status: 'nothing', operations: [] })
}, 60_000)

test('a host that refuses, cuts or offers no sampling changes nothing', async () => {
  const refusing = await sampling(() => ({ error: { code: -1, message: 'the person said no' } }))
  const refused = await refusing.use('learn', { text: 'I got a cat' })
  expect([refused.isError, JSON.parse(refused.content[0].text).code]).toEqual([true, 'LANGUAGE_MODEL_FAILED'])
  const cutting = await sampling(() => ({
    result: { role: 'assistant', stopReason: 'maxTokens', content: { type: 'text', text: '{"operations":[' } },
  }))
  const cut = JSON.parse((await cutting.use('learn', { text: 'I got a cat' })).content[0].text)
  expect([cut.code, cut.details.why]).toEqual(['LANGUAGE_MODEL_FAILED', 'length'])
  const { tools } = await (await sampling()).ask('tools/list')
  expect(tools.map(({ name }: { name: string }) => name)).not.toContain('learn')
}, 60_000)

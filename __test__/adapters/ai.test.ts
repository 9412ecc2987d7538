// The Vercel AI SDK with its own mock model: what reaches the model, what is stored, and what goes wrong.

import { expect, test } from '@jest/globals'
import { OpenMemory, ValidationError } from '@openmemory/sdk'
import { type MemoryMiddlewareOptions, memoryMiddleware, memoryTools } from '@openmemory/sdk/ai'
import { generateText, simulateReadableStream, stepCountIs, streamText, wrapLanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { openStore } from '../helpers/store'

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
type Content =
  | { type: 'text'; text: string }
  | { type: 'tool-call'; toolCallId: string; toolName: string; input: string }

/** A model that answers each request with the next of these. */
function scripted(...replies: (string | { name: string; args: object })[]): MockLanguageModelV3 {
  let at = 0
  return new MockLanguageModelV3({
    doGenerate: async () => {
      const reply = replies[at++] ?? 'done'
      const text = typeof reply === 'string'
      const content: Content[] = text
        ? [{ type: 'text', text: reply }]
        : [{ type: 'tool-call', toolCallId: `call-${at}`, toolName: reply.name, input: JSON.stringify(reply.args) }]
      const finish = text ? ('stop' as const) : ('tool-calls' as const)
      return { content, finishReason: { unified: finish, raw: finish }, usage, warnings: [] }
    },
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: 'stream-start' as const, warnings: [] },
          { type: 'text-start' as const, id: '1' },
          { type: 'text-delta' as const, id: '1', delta: 'streamed' },
          { type: 'text-end' as const, id: '1' },
          { type: 'finish' as const, finishReason: { unified: 'stop' as const, raw: 'stop' }, usage },
        ],
      }),
    }),
  })
}

function remembering(model: MockLanguageModelV3, om: OpenMemory, options?: MemoryMiddlewareOptions) {
  return wrapLanguageModel({ model, middleware: memoryMiddleware(om, options) })
}

/** The system messages of each request. */
function systemOf(model: MockLanguageModelV3): string[][] {
  const calls = model.doGenerateCalls.concat(model.doStreamCalls)
  return calls.map(({ prompt }) => prompt.flatMap((part) => (part.role === 'system' ? [part.content] : [])))
}

test('a model gets the memories of its user after the system message of the application', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks green tea', user_id: 'ada', created_at: '2026-01-31' })
  await om.addMemory({ content: 'Bob drinks green tea', user_id: 'bob' })
  const model = scripted('Green tea.')
  const wrapped = remembering(model, om, { userId: 'ada' })
  const { text } = await generateText({ model: wrapped, system: 'Be brief.', prompt: 'Which green tea do I drink?' })
  expect(text).toBe('Green tea.')
  const [[own, recalled, ...more] = []] = systemOf(model)
  expect({ own, more }).toEqual({ own: 'Be brief.', more: [] })
  expect(recalled).toContain('- 2026-01-31: Ada drinks green tea')
  expect(recalled).not.toContain('Bob')
  expect((await om.stats()).memories).toBe(2)
})

test('filters, limit, minScore and format say what is recalled and how', async () => {
  const om = openStore()
  await om.addMemories(['one', 'two', 'three'].map((n) => ({ content: `tea ${n}`, tags: [n], user_id: 'ada' })))
  const seen = async (options: MemoryMiddlewareOptions) => {
    const model = scripted('x')
    const format = (memories: { content: string }[]) => memories.map(({ content }) => content).join()
    await generateText({ model: remembering(model, om, { userId: 'ada', format, ...options }), prompt: 'tea' })
    return systemOf(model)[0]
  }
  expect(await seen({ filters: { tags: 'two' } })).toEqual(['tea two'])
  expect((await seen({ limit: 2 }))?.[0]?.split(',')).toHaveLength(2)
  expect(await seen({ minScore: 1 })).toEqual([])
  // The filters of the application cannot widen the scope.
  expect(await seen({ userId: '*', filters: { user_id: 'ada' } })).toEqual([])
})

test('what the user has said is remembered once the model has answered, and once only', async () => {
  const om = openStore()
  const options = { userId: 'ada', runId: 'chat-1', remember: true }
  for (const prompt of ['I moved to Porto', 'I moved to Porto']) {
    await generateText({ model: remembering(scripted('Noted.'), om, options), prompt })
  }
  await streamText({ model: remembering(scripted(), om, options), prompt: 'I have a cat' }).consumeStream()
  const { memories } = await om.listMemories({ order: 'created_at:asc' })
  expect(memories).toMatchObject([
    { content: 'I moved to Porto', user_id: 'ada', run_id: 'chat-1' },
    { content: 'I have a cat', user_id: 'ada', run_id: 'chat-1' },
  ])

  const failing = new MockLanguageModelV3({ doGenerate: async () => Promise.reject(new Error('no model')) })
  const failed = generateText({ model: remembering(failing, om, options), prompt: 'I like rain', maxRetries: 0 })
  await expect(failed).rejects.toThrow('no model')
  expect((await om.stats()).memories).toBe(2)
})

test('a step after a tool call searches for nothing', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' })
  const model = scripted({ name: 'search_memories', args: { query: 'tea' } }, 'Tea.')
  await generateText({
    model: remembering(model, om, { userId: 'ada' }),
    tools: memoryTools(om, { userId: 'ada' }),
    stopWhen: stepCountIs(3),
    prompt: 'What tea does Ada drink?',
  })
  expect(systemOf(model).map((system) => system.length)).toEqual([1, 0])
})

test('a prompt of any length and kind can be searched for', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks tea' })
  const model = scripted('a', 'b', 'c')
  const wrapped = remembering(model, om, { remember: true })
  await generateText({ model: wrapped, prompt: `${'word \ud800 '.repeat(4000)} tea` })
  const image = { type: 'image' as const, image: new Uint8Array([1]), mediaType: 'image/png' }
  await generateText({ model: wrapped, messages: [{ role: 'user', content: [image] }] })
  await generateText({ model: wrapped, messages: [{ role: 'user', content: [image, { type: 'text', text: 'tea' }] }] })
  expect(systemOf(model).map((system) => system.length)).toEqual([1, 0, 1])
  expect((await om.stats()).memories).toBe(3)
})

test('a store that fails rejects the request, unless the application goes on', async () => {
  const om = new OpenMemory({ url: 'http://127.0.0.1:9', timeoutMs: 1 })
  const ask = (options: MemoryMiddlewareOptions) =>
    generateText({ model: remembering(scripted('alone'), om, options), prompt: 'tea', maxRetries: 0 })
  await expect(ask({})).rejects.toThrow()
  const errors: unknown[] = []
  expect((await ask({ remember: true, onError: (error) => errors.push(error) })).text).toBe('alone')
  expect(errors).toHaveLength(2)
  await om.close()
})

test('a model adds, finds, corrects and deletes memories of its user by tools', async () => {
  const om = openStore()
  const tools = memoryTools(om, { userId: 'ada' })
  const use = async (name: string, args: object) => {
    const model = scripted({ name, args }, 'done')
    const { steps } = await generateText({ model, tools, stopWhen: stepCountIs(2), prompt: 'x' })
    const [result] = steps[0]?.content.filter(({ type }) => type === 'tool-result' || type === 'tool-error') ?? []
    // biome-ignore lint/suspicious/noExplicitAny: looked into below
    return result as any
  }
  const { output: added } = await use('add_memory', { content: 'Ada drinks tea', metadata: { source: 'chat' } })
  const { id } = added
  expect(await om.getMemory(id)).toMatchObject({ user_id: 'ada', metadata: { source: 'chat' } })
  expect((await use('search_memories', { query: 'tea', filters: { metadata: 1 } })).error).toMatchObject({
    details: { field: 'filters.metadata' },
  })
  expect((await use('search_memories', { query: 'tea' })).output.matches).toMatchObject([{ id }])
  expect((await use('update_memory', { id, content: 'Ada drinks coffee', reason: 'said so' })).output.version).toBe(2)
  expect((await om.getHistory(id))[0]).toMatchObject({ actor: 'ai-sdk', reason: 'said so' })

  const bobs = await om.addMemory({ content: 'Bob drinks tea', user_id: 'bob' })
  expect((await use('get_memory', { id: bobs.id })).error).toMatchObject({ code: 'NOT_FOUND' })
  expect((await use('add_memory', { content: 'x', user_id: 'bob' })).error).toMatchObject({
    details: { field: 'user_id' },
  })
  expect((await use('delete_memory', { id })).output).toMatchObject({ id, deleted_at: expect.any(String) })
})

test('tools are described to the model', async () => {
  const om = openStore()
  const model = scripted('x')
  await generateText({ model, tools: memoryTools(om), prompt: 'x' })
  const described = model.doGenerateCalls[0]?.tools ?? []
  expect(described).toHaveLength(14)
  expect(described.find(({ name }) => name === 'add_memory')).toMatchObject({
    type: 'function',
    description: expect.stringContaining('Store a new memory'),
    inputSchema: {
      ...{ type: 'object', required: ['content'], additionalProperties: false },
      properties: { metadata: { type: 'string' }, user_id: { type: 'string' } },
    },
  })
})

test('only the chosen tools are given, and a lost user does not mean all users', () => {
  const om = openStore()
  expect(Object.keys(memoryTools(om, { tools: ['search_memories'] }))).toEqual(['search_memories'])
  expect(() => memoryTools(om, { tools: ['fly' as 'add_memory'] })).toThrow(ValidationError)
  expect(() => memoryTools(om, { userId: undefined })).toThrow(/userId/)
  expect(() => memoryMiddleware(om, { userId: undefined })).toThrow(/userId/)
})

// Every way in which a model's server fails: the promised code, nothing applied, no memory lost, no key anywhere.

import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { expect, jest, test } from '@jest/globals'
import type { LanguageModelEndpoint, OpenMemory } from '@openmemory/sdk'
import { type Behaviour, fakeModel, json, operation, operations, refuses, says, zipped } from './helpers/fake-model'
import { refusal } from './helpers/refusal'
import { freshDirectory, openEmbedded } from './helpers/store'

// An ES module to the compiler, and CommonJS where tests run.
const { getEncoding } = require('js-tiktoken') as { getEncoding(name: string): { encode(text: string): number[] } }

const KEY = 'sk-secret-of-the-test-0123456789'
const TEXT = 'I got a cat'
const ANSWER = JSON.stringify({ operations: [operation({ quote: 'got a cat', text: 'Ada has a cat' })] })
const GOOD = says(ANSWER)
const LATER = { 'retry-after': '0' }

async function learning(behaviours: Behaviour[], more: Partial<LanguageModelEndpoint> = {}) {
  const path = freshDirectory()
  const model = await fakeModel(...behaviours)
  const languageModel = { ...model.endpoint, apiKey: KEY, ...more }
  const om = openEmbedded({ path, userId: 'ada', languageModel })
  await om.addMemory({ id: 'a', content: 'Ada lives in Lisbon' })
  return { om, model, path }
}

const contents = async (om: OpenMemory) => (await om.listMemories()).memories.map(({ content }) => content).sort()

const BOTH = ['Ada has a cat', 'Ada lives in Lisbon']

test.each<[string, Behaviour[], number]>([
  ['in a fence', [says(`\`\`\`json\n${ANSWER}\n\`\`\``)], 1],
  ['with prose around it', [says(`Sure! Here it is:\n${ANSWER}\nAnything else?`)], 1],
  ['after reasoning', [says(`<think>{"operations":[]}?</think>${ANSWER}`)], 1],
  ['after reasoning without its first tag', [says(`hm, a cat\nthink>no</think>${ANSWER}`)], 1],
  ['as a bare array', [says(JSON.stringify(JSON.parse(ANSWER).operations))], 1],
  ['as reasoning_content', [says('', { message: { reasoning_content: ANSWER } })], 1],
  ['as reasoning', [says(null, { message: { reasoning: ANSWER } })], 1],
  ['as a list of parts', [says([{ type: 'text', text: ANSWER }])], 1],
  ['after the schema was echoed', [says(`{"type":"object","properties":{"operations":{}}} ${ANSWER}`)], 1],
  ['compressed', [zipped({ choices: [{ message: { content: ANSWER }, finish_reason: 'stop' }] })], 1],
  ['after 500 three times', [refuses(500, 'x', LATER), refuses(502, 'x', LATER), refuses(503, 'x', LATER), GOOD], 4],
  ['after 429', [refuses(429, 'slow down', LATER), GOOD], 2],
  ['after 408, 409 and 425', [refuses(408, 'x', LATER), refuses(409, 'x', LATER), refuses(425, 'x', LATER), GOOD], 4],
  ['after a reset connection', [(_, response) => void response.destroy(), GOOD], 2],
  ['after a body that was cut off', [cutOff, GOOD], 2],
  ['after an answer that nobody can read', [says('I cannot do that'), GOOD], 2],
  ['after an answer with wrong keys', [says('{"facts":["cat"]}'), GOOD], 2],
  ['after empty content', [says(''), GOOD], 2],
  ['after a cut answer', [says(ANSWER.slice(0, 90)), GOOD], 2],
  ['slowly', [drips], 1],
])('an answer %s is read', async (_, behaviours, requests) => {
  const { om, model } = await learning(behaviours)
  const learnt = await om.learn(TEXT)
  expect(learnt.operations.map(({ state }) => state)).toEqual(['applied'])
  expect([model.exchanges.length, learnt.usage.calls]).toEqual([requests, requests])
  expect(await contents(om)).toEqual(BOTH)
})

test.each<[string, Behaviour[], string, number, Partial<LanguageModelEndpoint>?]>([
  ['a wrong key', [refuses(401, `Incorrect API key provided: ${KEY}`)], 'http', 1],
  ['a forbidden model', [refuses(403, 'no access')], 'http', 1],
  ['an unknown model', [refuses(404, 'model not found')], 'http', 1],
  ['a request that is refused', [refuses(400, 'context length exceeded')], 'http', 1],
  ['no end of 500', [refuses(500, 'x', LATER)], 'http', 3, { retries: 2 }],
  ['429 for an hour', [refuses(429, 'x', { 'retry-after': '3600' })], 'http', 1],
  ['a server that hangs', [() => {}], 'timeout', 1, { timeoutMs: 100, retries: 0 }],
  ['a refusal', [says(null, { message: { refusal: 'I will not' } })], 'refused', 1],
  ['a filter', [says('', { finish: 'content_filter' })], 'refused', 1],
  ['an answer that is always cut', [says(ANSWER.slice(0, 60), { finish: 'length' })], 'length', 1],
  ['a whole list that is said to be cut', [says(ANSWER, { finish: 'length' })], 'length', 1],
  ['an answer that nobody can read, twice', [says('no')], 'unreadable', 2],
  ['two different lists', [says(`${ANSWER} or {"operations":[]}`)], 'unreadable', 2],
  ['HTML', [(_, response) => void response.setHeader('content-type', 'text/html').end('<html>')], 'unreadable', 1],
  ['no choices', [(_, response) => json(response, 200, { object: 'list' })], 'unreadable', 1],
  ['10 MB', [says('x'.repeat(10 << 20))], 'unreadable', 1],
  [
    'a redirect',
    [refuses(307, 'x', { location: 'http://127.0.0.1:1/v1/chat/completions' })],
    'http',
    1,
    { retries: 0 },
  ],
  ['too small a context', [GOOD], 'budget', 0, { contextTokens: 4000 }],
])('%s fails the call and changes nothing', async (_, behaviours, why, requests, more = {}) => {
  const { om, model } = await learning(behaviours, more)
  const failed = await refusal(om.learn(TEXT))
  expect(failed).toMatchObject({ code: 'LANGUAGE_MODEL_FAILED', status: 502, details: { why } })
  expect(model.exchanges.length).toBe(requests)
  expect(await contents(om)).toEqual(['Ada lives in Lisbon'])
  const { learnings } = await om.listLearnings()
  expect(learnings).toMatchObject([{ id: failed.details.learning, status: 'failed', error: { why } }])
  expect((await om.listMessages()).messages.map(({ content }) => content)).toEqual([TEXT])
})

test('a failed call is tried anew, and a finished one is not', async () => {
  const { om, model } = await learning([refuses(403, 'no'), GOOD])
  await refusal(om.learn(TEXT))
  expect((await om.learn(TEXT)).status).toBe('done')
  expect((await om.learn(TEXT)).status).toBe('done')
  expect(model.exchanges.length).toBe(2)
})

test.each<[string, RegExp, (body: Record<string, unknown>) => unknown]>([
  ['json_schema', /^$/, (body) => (body.response_format as { type: string }).type],
  ['json_object', /^json_schema$/, (body) => (body.response_format as { type: string }).type],
  ['text', /^json_(schema|object)$/, (body) => (body.response_format === undefined ? 'text' : 'more')],
])('a server that takes %s is asked that way, and again at once', async (taken, refused, of) => {
  const ladder: Behaviour = (exchange, response) => {
    const format = (exchange.body.response_format as { type: string } | undefined)?.type ?? 'text'
    if (refused.test(format)) return refuses(400, `response_format ${format} is not supported`)(exchange, response)
    return says('{"operations":[]}')(exchange, response)
  }
  const { om, model } = await learning([ladder])
  await om.learn('one')
  const first = model.exchanges.length
  await om.learn('two')
  expect(model.exchanges.length).toBe(first + 1)
  const [last] = model.exchanges.slice(-1)
  expect(of(last?.body ?? {})).toBe(taken)
  const told =
    last?.body.messages[0]?.content.includes('"operations"') && last.body.messages[0].content.includes('schema')
  expect(Boolean(told)).toBe(taken !== 'json_schema')
})

test('parameters that a model refuses are left out', async () => {
  const picky: Behaviour = ({ body }, response) => {
    if ('max_tokens' in body) return json(response, 400, { error: { message: "use 'max_completion_tokens' instead" } })
    if ('temperature' in body) return json(response, 400, { error: { message: 'temperature is not supported' } })
    return says('{"operations":[]}')({ body } as never, response)
  }
  const { om, model } = await learning([picky], { body: { reasoning_effort: 'low' } })
  await om.learn(TEXT)
  const [last] = model.exchanges.slice(-1)
  expect(last?.body).toMatchObject({ max_completion_tokens: 2000, reasoning_effort: 'low' })
  expect(Object.keys(last?.body ?? {})).not.toContain('temperature')
})

test('a key is in the requests and nowhere else', async () => {
  const said: string[] = []
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text))
    return true
  })
  try {
    const { om, model, path } = await learning([refuses(401, `Incorrect API key provided: ${KEY}`), GOOD])
    const failed = await refusal(om.learn(TEXT))
    await om.learn(TEXT)
    expect(model.exchanges.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`])
    const file = join(freshDirectory(), 'export.jsonl')
    await om.exportTo(file)
    const seen = [failed.message, failed.stack, failed.details, await om.stats(), await om.listLearnings(), said]
    await om.close()
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const bytes = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    for (const text of [JSON.stringify(seen), readFileSync(file, 'utf8'), ...bytes]) expect(text).not.toContain(KEY)
  } finally {
    spy.mockRestore()
  }
})

test('a long conversation takes several requests, and each learns', async () => {
  const { om, model } = await learning([
    operations((asked) =>
      asked.messages.map(({ m, text }) => ({
        message: m,
        quote: text.slice(0, 20),
        text: `Ada says ${text.slice(0, 9)}`,
      })),
    ),
  ])
  const messages = Array.from({ length: 60 }, (_, i) => ({ content: `turn ${i} ${'about many things '.repeat(40)}` }))
  const done: [number, number][] = []
  const learnt = await om.learn(messages, { onProgress: (...of) => done.push(of) })
  expect(model.exchanges.length).toBeGreaterThan(1)
  expect(model.exchanges.every(({ body }) => JSON.stringify(body).length < 16_000 * 3)).toBe(true)
  expect(learnt.operations.filter(({ state }) => state === 'applied')).toHaveLength(60)
  expect(done.at(-1)).toEqual([model.exchanges.length, model.exchanges.length])
})

test('options of a model are refused by name', () => {
  const good = { url: 'http://localhost:1/v1', model: 'm' }
  for (const [field, languageModel] of [
    ['url', { ...good, url: 'localhost' }],
    ['url', { ...good, url: 'http://me:pass@localhost/v1' }],
    ['model', { ...good, model: '' }],
    ['apiKey', { ...good, apiKey: 'a b' }],
    ['structured', { ...good, structured: 'yaml' }],
    ['temperature', { ...good, temperature: 3 }],
    ['retries', { ...good, retries: -1 }],
    ['colour', { ...good, colour: 1 }],
    ['id', { complete: () => '' }],
    ['complete', { id: 'x', complete: 1 }],
    ['contextTokens', { ...good, contextTokens: 0 }],
  ] as const) {
    expect(() => openEmbedded({ languageModel: languageModel as never })).toThrow(`languageModel.${field}`)
  }
})

test('nothing is sent anywhere without a call that learns, nor to anywhere else', async () => {
  const outside = jest.spyOn(globalThis, 'fetch')
  const listener: Server = createServer(() => {
    throw new Error('somebody connected')
  }).listen(0)
  try {
    const { om, model } = await learning([GOOD])
    await om.searchMemories('Where does Ada live?')
    await om.updateMemory('a', { content: 'Ada lives in Porto' })
    await om.context('Ada')
    expect(outside).not.toHaveBeenCalled()
    await om.learn(TEXT)
    const addresses = outside.mock.calls.map(([address]) => String(address))
    expect(addresses).toEqual([`${model.endpoint.url}/chat/completions`])
  } finally {
    outside.mockRestore()
    listener.close()
  }
})

test('a chat of ten turns costs one request of at most 3000 tokens', async () => {
  const { om, model } = await learning([says('{"operations":[]}')])
  for (let i = 0; i < 30; i++) await om.addMemory({ content: `Ada has told us fact number ${i} about her garden` })
  const turns = Array.from({ length: 10 }, (_, i) => ({
    role: i % 2 ? ('assistant' as const) : ('user' as const),
    content: `Turn ${i}: we talked about the garden, and about what to plant there in the coming spring. ${'So many ideas. '.repeat(10)}`,
  }))
  await om.learn(turns)
  await om.learn(turns)
  expect(model.exchanges.length).toBe(1)
  const [{ body } = { body: { messages: [] } }] = model.exchanges
  // The whole body, so that the schema counts and a provider's own framing has room.
  const tokens = getEncoding('o200k_base').encode(JSON.stringify(body)).length
  expect(tokens).toBeLessThanOrEqual(3000)
})

function cutOff(_: unknown, response: Parameters<Behaviour>[1]) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  response.write('{"choices":[')
  setImmediate(() => response.destroy())
}

async function drips(_: unknown, response: Parameters<Behaviour>[1]) {
  response.writeHead(200, { 'content-type': 'application/json' })
  const body = JSON.stringify({ choices: [{ message: { content: ANSWER }, finish_reason: 'stop' }] })
  for (const piece of body.match(/.{1,40}/gs) ?? []) {
    response.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  response.end()
}

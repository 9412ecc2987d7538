// How a store is opened: options, environment variables, and what is refused at once.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { OpenMemory, type OpenMemoryOptions, ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

afterEach(() => {
  delete process.env.OPENMEMORY_PATH
  delete process.env.OPENMEMORY_URL
})

test('making a store touches nothing', () => {
  const path = join(freshDirectory(), 'store')
  openStore({ path })
  expect(existsSync(path)).toBe(false)
})

test('OPENMEMORY_PATH fills a missing path, and a given path wins', async () => {
  const [fromEnvironment, given] = [freshDirectory(), freshDirectory()]
  process.env.OPENMEMORY_PATH = fromEnvironment
  const om = openStore({ path: undefined })
  await om.addMemory({ content: 'x' })
  await om.close()
  expect((await openStore({ path: fromEnvironment }).listMemories()).memories).toHaveLength(1)
  expect((await openStore({ path: given }).listMemories()).memories).toEqual([])
})

test('an apiKey without a url has no effect', async () => {
  const om = openStore({ apiKey: 'your_api_key' })
  expect(await om.addMemory({ content: 'x' })).toMatchObject({ version: 1 })
})

test('a path given wins over OPENMEMORY_URL', async () => {
  process.env.OPENMEMORY_URL = 'http://localhost:1'
  expect(await openStore().stats()).toMatchObject({ memories: 0 })
})

const embed = () => []
const refused: [unknown, string][] = [
  [{ colour: 'red' }, 'colour'],
  [{ path: '' }, 'path'],
  [{ path: 7 }, 'path'],
  [{ path: null }, 'path'],
  [{ userId: '' }, 'userId'],
  [{ durability: 'never' }, 'durability'],
  [{ lockWaitMs: -1 }, 'lockWaitMs'],
  [{ lockWaitMs: 0.5 }, 'lockWaitMs'],
  [{ lockWaitMs: '5' }, 'lockWaitMs'],
  [{ url: 'http://localhost', lockWaitMs: 5 }, 'lockWaitMs'],
  [{ timeoutMs: 0 }, 'timeoutMs'],
  [{ timeoutMs: Number.POSITIVE_INFINITY }, 'timeoutMs'],
  [{ embedder: 'openai' }, 'embedder'],
  [{ embedder: { model: 'm.onnx' } }, 'embedder.tokenizer'],
  [{ embedder: { model: 'm.onnx', tokenizer: 't.json', pooling: 'max' } }, 'embedder.pooling'],
  [{ embedder: { model: 'm.onnx', tokenizer: 't.json', prefix: 'x' } }, 'embedder.prefix'],
  [{ embedder: { id: 'x', dimensions: 0, embed } }, 'embedder.dimensions'],
  [{ embedder: { id: '', dimensions: 3, embed } }, 'embedder.id'],
  [{ embedder: { id: 'x', dimensions: 3, embed: 'f' } }, 'embedder.embed'],
  ['./directory', 'options'],
]

test.each(refused)('%p is refused at once, by name', (options, field) => {
  expect.assertions(2)
  try {
    new OpenMemory(options as OpenMemoryOptions)
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', status: 400, field })
  }
})

test('a call that takes longer than timeoutMs rejects with TIMEOUT', async () => {
  let finish: (() => void) | undefined
  const om = openStore({
    timeoutMs: 50,
    embedder: {
      ...{ id: 'slow', dimensions: 1 },
      embed: (texts) => new Promise((resolve) => (finish = () => resolve(texts.map(() => [1])))),
    },
  })
  const error = await refusal(om.addMemory({ content: 'slow' }))
  expect(error).toMatchObject({ code: 'TIMEOUT', status: 503, retryable: true })
  finish?.()
})

test('a model file that is missing is MODEL_UNAVAILABLE, and work without it does not mind', async () => {
  const path = freshDirectory()
  const om = openStore({ path, embedder: { model: join(path, 'none.onnx'), tokenizer: join(path, 'none.json') } })
  expect((await om.listMemories()).memories).toEqual([])
  expect((await refusal(om.addMemory({ content: 'x' }))).code).toBe('MODEL_UNAVAILABLE')
})

test.each([
  ['a file', () => join(__dirname, 'options.test.ts')],
  ['SQLite in memory', () => ':memory:'],
  ['a URL', () => 'file:memory.db'],
  ['a NUL', () => 'a\0b'],
])('a path that is %s is refused by name', async (_, path) => {
  const open = async () => new OpenMemory({ path: path(), embedder: 'test' }).ready()
  expect(await refusal(open())).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'path', retryable: false })
})

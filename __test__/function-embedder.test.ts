// An embedding function of the user's: what it may return, and what happens when it goes wrong.

import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import type { FunctionEmbedder } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { embeddedTest, openStore } from './helpers/store'

function embedder(embed: FunctionEmbedder['embed']): FunctionEmbedder {
  return { id: 'mine', dimensions: 3, embed }
}

const vectors: [string, (text: string) => ArrayLike<number>][] = [
  ['number[]', (text) => [text.length, 1, 2]],
  ['Float32Array', (text) => Float32Array.of(text.length, 1, 2)],
  ['Float64Array', (text) => Float64Array.of(text.length, 1, 2)],
  ['Float32Array of another realm', () => runInNewContext('Float32Array.of(1, 2, 3)')],
]

test.each(vectors)('vectors may be %s and need not be normalised', async (_, vector) => {
  const om = openStore({ embedder: embedder(async (texts) => texts.map(vector)) })
  const { id } = await om.addMemory({ content: 'hello' })
  const [hit] = await om.searchMemories('hello')
  expect(hit?.id).toBe(id)
  expect(hit?.similarity).toBeCloseTo(1, 3)
})

embeddedTest('a hole among the vectors is EMBEDDING_FAILED', async () => {
  const om = openStore({ embedder: embedder((texts) => new Array(texts.length)) })
  const error = await refusal(om.addMemory({ content: 'hello' }))
  expect(error).toMatchObject({ code: 'EMBEDDING_FAILED', cause: { name: 'TypeError' } })
})

test('it may answer at once, and its this is the embedder', async () => {
  const counting = { ...embedder(() => []), calls: 0 }
  const own: FunctionEmbedder = {
    ...{ id: 'mine', dimensions: 2 },
    embed(texts) {
      expect(this).toBe(own)
      counting.calls += 1
      return texts.map(() => [0, 1])
    },
  }
  await openStore({ embedder: own }).addMemory({ content: 'hello' })
  expect(counting.calls).toBeGreaterThan(0)
})

const failures: [string, FunctionEmbedder['embed']][] = [
  ['NaN', (texts) => texts.map(() => [1, Number.NaN, 0])],
  ['Infinity', (texts) => texts.map(() => Float32Array.of(1, Number.POSITIVE_INFINITY, 0))],
  ['a number beyond 32-bit floats', (texts) => texts.map(() => [1e300, 0, 0])],
  ['a wrong dimension', (texts) => texts.map(() => [1, 2])],
  ['too few vectors', () => []],
  ['no array', () => ({ length: 1 }) as never],
  ['no vectors', (texts) => texts.map(() => null as never)],
  ['vectors of text', (texts) => texts.map(() => ['1', '2', '3'] as never)],
]

test.each(failures)('%s is EMBEDDING_FAILED and changes nothing', async (_, embed) => {
  let broken = false
  const om = openStore({ embedder: embedder((texts) => (broken ? embed(texts) : texts.map(() => [1, 0, 0]))) })
  const memory = await om.addMemory({ content: 'hello' })
  broken = true
  const error = await refusal(om.updateMemory(memory.id, { content: 'goodbye', tags: ['x'] }))
  expect(error).toMatchObject({ name: 'OpenMemoryError', code: 'EMBEDDING_FAILED', status: 500 })
  expect((await refusal(om.addMemory({ content: 'another' }))).code).toBe('EMBEDDING_FAILED')
  expect(await om.getMemory(memory.id)).toEqual({ ...memory, salience: expect.any(Number) })
  expect((await om.listMemories()).memories).toHaveLength(1)
})

embeddedTest('an error of the function is the cause, and the next call may succeed', async () => {
  const offline = new Error('the embedding service is offline')
  let broken = true
  const om = openStore({
    embedder: embedder(async (texts) => {
      if (broken) throw offline
      return texts.map(() => [1, 0, 0])
    }),
  })
  const error = await refusal(om.addMemory({ content: 'hello' }))
  expect(error.code).toBe('EMBEDDING_FAILED')
  expect(error.cause).toBe(offline)
  expect(error.message).toContain('the embedding service is offline')
  expect(error.message).not.toContain('[embed:')
  broken = false
  expect(await om.addMemory({ content: 'hello' })).toMatchObject({ version: 1 })
})

embeddedTest('a synchronous throw of something that is no Error is the cause too', async () => {
  const om = openStore({
    embedder: embedder(() => {
      throw 'plain text'
    }),
  })
  const error = await refusal(om.addMemory({ content: 'hello' }))
  expect(error).toMatchObject({ code: 'EMBEDDING_FAILED', cause: 'plain text' })
})

test('a question that was asked lately does not call it again', async () => {
  const asked: string[] = []
  const embed = (texts: string[]) => {
    asked.push(...texts)
    return texts.map((text) => [text.length, 1, 2])
  }
  const om = openStore({ embedder: embedder(embed) })
  await om.addMemory({ content: 'hello', user_id: 'ada' })
  const first = await om.searchMemories('who is there?')
  await om.addMemory({ content: 'goodbye', user_id: 'ada' })
  const second = await om.searchMemories('who is there?')
  await om.searchMemories('who is there?', { filters: { user_id: 'ada' } })
  expect([first.length, second.length]).toEqual([1, 2])
  expect(asked.filter((text) => text === 'who is there?')).toHaveLength(1)
})

test('texts that come at the same time are embedded at the same time', async () => {
  let waiting = 0
  let enough = () => {}
  const eight = new Promise<void>((resolve) => {
    enough = resolve
  })
  const embed = async (texts: string[]) => {
    if (texts.some((text) => text.startsWith('note'))) {
      waiting += 1
      if (waiting === 8) enough()
      await eight
    }
    return texts.map((text) => [text.length, 1, 2])
  }
  const om = openStore({ embedder: embedder(embed) })
  const added = Array.from({ length: 8 }, (_, n) => om.addMemory({ content: `note ${n}` }))
  expect(await Promise.all(added)).toHaveLength(8)
})

test('a text whose vector is all zeros is stored, and found by its words', async () => {
  const om = openStore({
    embedder: {
      id: 'zeros',
      dimensions: 3,
      embed: async (texts) => texts.map((text) => (text.includes('xyzzy') ? [0, 0, 0] : [text.length % 7, 1, 2])),
    },
  })
  const { id } = await om.addMemory({ content: 'The word is xyzzy' })
  await om.addMemory({ content: 'Something else' })
  const [first] = await om.searchMemories('xyzzy')
  expect(first).toMatchObject({ id, similarity: 0 })
  expect(first?.score).toBeGreaterThan(0)
})

/** Like E5, whose unrelated texts have a cosine of .8. Texts with a z have no direction. */
async function near(texts: string[]): Promise<number[][]> {
  return texts.map((text) => {
    if (text.includes('z')) return Array(16).fill(0)
    const numbers = Array.from({ length: 16 }, (_, at) => ((text.length * (at + 3) * 7919) % 97) / 97 - 0.5)
    return [2.4, ...numbers.slice(1)]
  })
}

test.each(['a text without a vector', 'a question without one'])(
  'where all are near, %s counts by its words',
  async (which) => {
    const om = openStore({ embedder: { id: 'near', dimensions: 16, embed: near } })
    const without = which.startsWith('a text')
    const others = [
      'Bob plays chess',
      'Cy lives in Lisbon',
      'Dan works as a nurse',
      'Eve owns a bicycle',
      'Fay likes songs',
    ]
    await om.addMemories(others.map((content) => ({ content })))
    const { id } = await om.addMemory({ content: 'Ann drinks green tea', embed: !without })
    const found = await om.searchMemories(without ? 'green tea' : 'green tea zzz', { limit: 6 })
    expect(found[0]?.id).toBe(id)
    expect(found[0]?.score).toBeGreaterThan(0.6)
    expect(found[1]?.score).toBeLessThan(found[0]?.score as number)
  },
)

// A caller who has vectors of the store's model already passes them, and the model is not asked.

import { expect, test } from '@jest/globals'
import type { FunctionEmbedder, NewMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { embeddedTest, openStore } from './helpers/store'

/** Counts what it is asked; every text but those of the sectors is the same to it. */
function counting() {
  const texts: string[] = []
  const queries: string[] = []
  const embedder: FunctionEmbedder = {
    ...{ id: 'counting', dimensions: 3 },
    embed: (asked) => {
      texts.push(...asked)
      return asked.map(() => [1, 1, 1])
    },
    embedQuery: (asked) => {
      queries.push(...asked)
      return asked.map(() => [0, 0, 1])
    },
  }
  return { embedder, texts, queries }
}

const EAST: NewMemory = { id: 'east', content: 'where the sun rises', vector: [2, 0, 0] }
const NORTH: NewMemory = { id: 'north', content: 'where it is cold', vector: new Float32Array([0, 3, 0]) }

embeddedTest('vectors are taken as they are, and the texts are not embedded', async () => {
  const { embedder, texts, queries } = counting()
  const om = openStore({ embedder })
  await om.addMemory({ ...EAST, content: 'first' })
  texts.length = 0
  await om.addMemories([EAST, NORTH, { ...NORTH, id: 'twin', vector: [0, 0, 1] }], { onConflict: 'replace' })
  expect(texts).toEqual([])
  const found = await om.searchMemories('', { vector: [0, 1, 0] })
  expect(found.map(({ id, similarity }) => [id, Math.round(similarity * 100)])).toEqual([
    ...[['north', 100], ['east', 0], ['twin', 0]], // biome-ignore format: a table
  ])
  expect(queries).toEqual([])
  expect((await om.searchMemories('which way', { limit: 1 }))[0]?.id).toBe('twin')
  expect(queries).toEqual(['which way'])
})

embeddedTest('replacing gives the same text another vector', async () => {
  const { embedder } = counting()
  const om = openStore({ embedder })
  await om.addMemory(EAST)
  await om.addMemory({ ...EAST, vector: [0, 0, 5] }, { onConflict: 'replace' })
  expect(await om.searchMemories('', { vector: [0, 0, 1] })).toMatchObject([
    { id: 'east', similarity: expect.closeTo(1) },
  ])
  const again = [{ add: { ...EAST, onConflict: 'replace' as const } }]
  expect(await om.applyOperations(again)).toMatchObject([{ ok: true, memory: { version: 3 } }])
  expect(await om.searchMemories('', { vector: [1, 0, 0] })).toMatchObject([{ similarity: expect.closeTo(1) }])
})

embeddedTest('without embedQuery, queries go to embed', async () => {
  const { embedder, texts } = counting()
  const om = openStore({ embedder: { id: embedder.id, dimensions: 3, embed: embedder.embed } })
  await om.addMemory(EAST)
  await om.searchMemories('which way')
  expect(texts).toContain('which way')
  const wrong = { ...embedder, embedQuery: 'embed' } as never
  expect(() => openStore({ embedder: wrong })).toThrow(expect.objectContaining({ field: 'embedder.embedQuery' }))
})

test('a vector of the wrong length or kind is refused', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks tea' })
  const wrong: [unknown, string][] = [
    [[1, 2, 3], 'vector'],
    [[], 'vector'],
    [['1'], 'vector[0]'],
    [new Float64Array([1, Number.NaN]), 'vector[1]'],
    [[1e300], 'vector[0]'],
    ['[1]', 'vector'],
  ]
  for (const [vector, field] of wrong) {
    const memory = { content: 'x', vector } as NewMemory
    expect(await refusal(om.addMemory(memory))).toMatchObject({ code: 'INVALID_ARGUMENT', field })
    expect(await om.addMemories([memory])).toMatchObject([{ ok: false, error: { code: 'INVALID_ARGUMENT', field } }])
    const search = om.searchMemories('tea', { vector: vector as number[] })
    expect(await refusal(search)).toMatchObject({ code: 'INVALID_ARGUMENT', field })
  }
  expect(await refusal(om.searchMemories(''))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'query' })
})

embeddedTest('a text that is not embedded is found by its words', async () => {
  const { embedder, texts } = counting()
  const om = openStore({ embedder })
  await om.addMemory(EAST)
  texts.length = 0
  const log = { id: 'log', content: 'exit code 137 of the build', embed: false }
  await om.addMemories([log, { ...log, id: 'other' }])
  await om.applyOperations([{ add: { ...log, onConflict: 'replace' } }])
  expect(texts).toEqual([])
  expect((await om.searchMemories('exit code 137', { limit: 1 }))[0]).toMatchObject({
    content: log.content,
    similarity: 0,
  })
  const both = { ...log, vector: [1, 0, 0] }
  expect(await refusal(om.addMemory(both))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'embed' })
})

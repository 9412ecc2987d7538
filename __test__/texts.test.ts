// A memory has one text, several with a vector each, or none.

import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { FunctionEmbedder, Memory, NewMemory } from '@openmemory/sdk'
import { doctor } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { embeddedTest, freshDirectory, openStore } from './helpers/store'

const TEXTS = ['The cat sleeps on the sofa', 'Revenue grew by nine percent', 'Rain is expected in Oslo']
const SEVERAL: NewMemory = { id: 'several', content: TEXTS }
const NONE: NewMemory = { id: 'none', content: null, metadata: { theme: 'dark' }, user_id: 'ada' }

test('several texts are kept as one, and a query is compared with each', async () => {
  const om = openStore()
  const { content } = await om.addMemory(SEVERAL)
  expect(content).toBe(TEXTS.join('\f'))
  await om.addMemory({ id: 'mixed', content: TEXTS.join(' ') })
  for (const text of TEXTS) {
    const found = await om.searchMemories(text)
    const similarities = Object.fromEntries(found.map(({ id, similarity }) => [id, similarity]))
    expect(similarities.several).toBeGreaterThan(0.99)
    expect(similarities.mixed).toBeLessThan(0.95)
  }
})

test('an update and an upsert take several texts, and a form feed in a text separates them too', async () => {
  const om = openStore()
  await om.addMemory({ id: 'several', content: 'Ada drinks tea' })
  expect(await om.updateMemory('several', { content: TEXTS })).toMatchObject({ content: TEXTS.join('\f'), version: 2 })
  await om.addMemory({ id: 'several', content: `${TEXTS[2]}\f\n\f${TEXTS[0]}` }, { onConflict: 'replace' })
  expect(await om.searchMemories(TEXTS[2] as string)).toMatchObject([{ similarity: expect.closeTo(1, 2) }])
  expect(await om.searchMemories(TEXTS[0] as string)).toMatchObject([{ similarity: expect.closeTo(1, 2) }])
})

embeddedTest('each text is embedded on its own, once', async () => {
  const asked: string[] = []
  const embedder: FunctionEmbedder = {
    ...{ id: 'asked', dimensions: 2 },
    embed: (texts) => {
      asked.push(...texts)
      return texts.map((text) => (text.startsWith('The cat') ? [1, 0] : [0, 1]))
    },
  }
  const om = openStore({ embedder })
  await om.addMemory({ content: 'first' })
  asked.length = 0
  await om.addMemory(SEVERAL)
  expect(asked).toEqual(TEXTS)
})

embeddedTest('each text may come with its vector', async () => {
  const embedder: FunctionEmbedder = { id: 'own', dimensions: 3, embed: (texts) => texts.map(() => [1, 1, 1]) }
  const om = openStore({ embedder })
  const vector = [[1, 0, 0], new Float32Array([0, 2, 0]), [0, 0, 3]]
  await om.addMemory({ ...SEVERAL, vector })
  for (const one of [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]) {
    // biome-ignore format: short
    expect(await om.searchMemories('', { vector: one })).toMatchObject([{ similarity: expect.closeTo(1, 2) }])
  }
  const two = { content: TEXTS, vector: vector.slice(0, 2) }
  expect(await refusal(om.addMemory(two))).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', field: 'vector', message: 'vector: has 2 vectors for 3 texts' },
  })
  const wrong: [unknown, string][] = [
    [[[1, 0, 0], 1], 'vector[1]'],
    [[[1, 0, 0], []], 'vector[1]'],
    [[[1, 0, 'x']], 'vector[0][2]'],
  ]
  for (const [given, field] of wrong) {
    expect(await refusal(om.addMemory({ content: TEXTS, vector: given as number[][] }))).toMatchObject({ field })
  }
})

test('texts that are blank, missing or no texts are refused', async () => {
  const om = openStore()
  const wrong: [unknown, string][] = [
    [[], 'content'],
    [['tea', ' '], 'content[1]'],
    [['tea', 1], 'content[1]'],
    [{ text: 'tea' }, 'content'],
    [undefined, 'content'],
    ['', 'content'],
  ]
  for (const [content, field] of wrong) {
    const memory = { content, tags: ['x'] } as NewMemory
    expect(await refusal(om.addMemory(memory))).toMatchObject({ code: 'INVALID_ARGUMENT', field })
  }
  const bare: NewMemory[] = [{ content: null }, { content: null, tags: [], metadata: {} }, { ...NONE, embed: true }]
  const fields = ['content', 'content', 'embed']
  for (const [at, memory] of bare.entries()) {
    expect(await refusal(om.addMemory(memory))).toMatchObject({ code: 'INVALID_ARGUMENT', field: fields[at] })
  }
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  expect(await refusal(om.updateMemory(id, { content: null as never }))).toMatchObject({ field: 'content' })
  expect(await om.getMemory(id)).toMatchObject({ content: 'Ada drinks tea', version: 1 })
})

test('a memory without text is listed and filtered, and no query finds it', async () => {
  const om = openStore()
  await om.addMemories([NONE, { content: 'Ada drinks tea', user_id: 'ada' }])
  expect(await om.getMemory('none')).toMatchObject({ content: '', version: 1 })
  const { memories } = await om.listMemories({ filters: { 'metadata.theme': 'dark' } })
  expect(memories).toMatchObject([{ id: 'none', content: '', metadata: { theme: 'dark' } }])
  for (const query of ['dark', 'tea', '-']) {
    const found = await om.searchMemories(query, { filters: { user_id: 'ada' } })
    expect(found.map(({ id }) => id)).not.toContain('none')
  }
  expect(await om.searchMemories('dark', { filters: { memory_ids: ['none'] } })).toEqual([])
})

test('memories without text are not taken for copies of each other', async () => {
  const om = openStore()
  const both = [NONE, { ...NONE, id: 'other' }]
  const results = await om.addMemories(both, { ifExists: 'skip' })
  expect(results).toMatchObject([
    { ok: true, memory: { id: 'none' } },
    { ok: true, memory: { id: 'other' } },
  ])
  expect((await om.stats()).memories).toBe(2)
})

test('a memory gets a text, loses it and gets it back, with its history', async () => {
  const om = openStore()
  await om.addMemory(NONE)
  const ids = async (query: string) => (await om.searchMemories(query)).map(({ id }: Memory) => id)
  await om.updateMemory('none', { content: 'Ada drinks tea' })
  expect(await ids('tea')).toEqual(['none'])
  await om.addMemory(NONE, { onConflict: 'replace' })
  expect(await ids('tea')).toEqual([])
  await om.restoreMemory('none', 2)
  expect(await ids('tea')).toEqual(['none'])
  await om.restoreMemory('none', 1)
  expect(await ids('tea')).toEqual([])
  const history = await om.getHistory('none')
  expect(history.map(({ content }) => content)).toEqual(['', 'Ada drinks tea', '', 'Ada drinks tea', ''])
})

embeddedTest('they survive reindexing, an export, an import and a restart', async () => {
  const path = freshDirectory()
  const file = join(path, 'all.jsonl')
  const om = openStore({ path: join(path, 'one') })
  await om.addMemories([NONE, SEVERAL])
  await om.updateMemory('none', { metadata: { theme: 'light' } })
  await om.exportTo(file)
  const other = openStore({ path: join(path, 'other') })
  expect(await other.importFrom(file)).toMatchObject({ imported: 2, failed: 0 })
  const check = async (store: typeof om) => {
    expect(await store.getMemory('none')).toMatchObject({ content: '', metadata: { theme: 'light' }, version: 2 })
    for (const text of TEXTS) {
      expect(await store.searchMemories(text)).toMatchObject([{ id: 'several', similarity: expect.closeTo(1, 2) }])
    }
  }
  await check(other)
  await other.close()
  await om.close()
  expect(await doctor(join(path, 'other'))).toMatchObject({ healthy: true, memories: 2 })
  const again = openStore({ path: join(path, 'one') })
  await check(again)
  await again.reindex()
  await check(again)
})

embeddedTest('a vector finds a memory without text', async () => {
  const embedder: FunctionEmbedder = { id: 'own', dimensions: 2, embed: (texts) => texts.map(() => [1, 1]) }
  const om = openStore({ embedder })
  await om.addMemory({ ...NONE, vector: [0, 1] })
  expect(await om.searchMemories('', { vector: [0, 1] })).toMatchObject([
    { id: 'none', similarity: expect.closeTo(1, 2) },
  ])
})

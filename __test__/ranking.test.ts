// Ranking: words and meaning together, in any script; context within a run; and no side effects of searches.
// With the shipped model.

import { expect, test } from '@jest/globals'
import type { Filters, MemoryMatch, OpenMemory } from '@openmemory/sdk'
import { openModelStore } from './helpers/store'

const OTHERS = [
  'The dentist moved the appointment to Thursday at nine',
  'Robin prefers window seats on long flights',
  '会议改到星期五下午三点',
  '弟は来月から大阪で働きます',
  'Der Müll wird montags abgeholt',
  'def parse_config(path): return json.load(open(path))',
  'Our flat has two balconies and a tiny kitchen',
  '楽しかった旅行の写真を整理した',
  '妈妈的生日是十月三号',
  'Die Bibliothek schließt im August um sechs',
]

test.each([
  ['Chinese', '我下周要带猫去宠物医院打疫苗', '猫打疫苗'],
  ['one Chinese character', '我下周要带猫去宠物医院打疫苗', '猫'],
  ['Japanese', '来週の土曜日に横浜でコンサートがあります', '横浜のコンサート'],
  ['German, inflected', 'Meine Großeltern wohnten in alten Häusern am See', 'Wer wohnt in einem Haus am See?'],
  ['code', 'Call getUserById in user_store.rs before the cache is warm', 'user_store'],
  ['a part of an identifier', 'Call fetchInvoiceTotals() before the cache is warm', 'invoice'],
])('%s is found by partial wording', async (_, content, query) => {
  const om = openModelStore()
  await om.addMemories(OTHERS.map((other) => ({ content: other })))
  const { id } = await om.addMemory({ content })
  expect((await om.searchMemories(query))[0]?.id).toBe(id)
})

test('each of several Chinese questions is looked for', async () => {
  const om = openModelStore()
  await om.addMemories(OTHERS.map((content) => ({ content })))
  const hits = await om.searchMemories('会议在什么时候？妈妈的生日是哪天？', { limit: 2 })
  expect(hits.map(({ content }) => content).sort()).toEqual([OTHERS[2], OTHERS[8]].sort())
})

test('an answer is found through its question in the same run, as its path shows', async () => {
  const om = openModelStore()
  const talk = [
    'Which instrument did you want to learn as a child?',
    'The cello, but we had no money for it.',
    'I see. Did the rain stop?',
    'Not yet, it is pouring.',
  ]
  const results = await om.addMemories(talk.map((content) => ({ content, run_id: 'talk' })))
  await om.addMemories(OTHERS.map((content) => ({ content })))
  const [question, answer] = results.map((result) => (result.ok ? result.memory.id : ''))
  const hits = await om.searchMemories('Which instrument as a child?')
  const found = hits.find(({ id }) => id === answer)
  expect(found?.path).toEqual([question, answer])
  const alone = openModelStore()
  await alone.addMemories([...talk, ...OTHERS].map((content) => ({ content })))
  const unrelated = (await alone.searchMemories('Which instrument as a child?')).find(
    ({ content }) => content === talk[1],
  )
  expect(unrelated?.path).toHaveLength(1)
  expect(found?.score).toBeGreaterThan(unrelated?.score as number)
})

test('explain gives every part of the score', async () => {
  const om = openModelStore()
  await om.addMemories(OTHERS.map((content) => ({ content, tags: ['note'] })))
  const [first, second] = await om.searchMemories('note about the dentist', { explain: true })
  for (const hit of [first, second]) {
    const parts = Object.values(hit?.explain ?? {})
    expect(parts.length).toBeGreaterThan(5)
    expect(parts.every(({ value, weight }) => Number.isFinite(value * weight))).toBe(true)
  }
  expect(first?.explain?.lexical?.value).toBeGreaterThan(second?.explain?.lexical?.value as number)
  expect(first?.explain?.tag_named?.value).toBe(1)
  const odds = ({ score }: MemoryMatch) => {
    const z = Math.log(score / (1 - score))
    return z / (z < 0 ? 1 : 0.055)
  }
  const sum = ({ explain }: MemoryMatch) =>
    Object.values(explain ?? {}).reduce((total, { value, weight }) => total + value * weight, 0)
  const [a, b] = [first, second] as [MemoryMatch, MemoryMatch]
  expect(odds(a) - odds(b)).toBeCloseTo(sum(a) - sum(b), 1)
  expect((await om.searchMemories('dentist'))[0]).not.toHaveProperty('explain')
})

test('feedback moves a memory a little', async () => {
  const om = openModelStore()
  const add = (content: string) => om.addMemory({ content })
  const liked = await add('Tea is served at four')
  const disliked = await add('Tea is served at four')
  const score = async (id: string) => (await om.searchMemories('When is tea?')).find((hit) => hit.id === id)?.score ?? 0
  const before = await score(liked.id)
  expect(await score(disliked.id)).toBeCloseTo(before, 6)
  await om.sendFeedback(liked.id, 'POSITIVE')
  await om.sendFeedback(disliked.id, 'NEGATIVE')
  expect(await score(liked.id)).toBeGreaterThan(before)
  expect(await score(disliked.id)).toBeLessThan(before)
  await om.sendFeedback(liked.id, null)
  expect(await score(liked.id)).toBeCloseTo(before, 6)
})

/** 300 memories, every hundredth of them marked in all the ways that a filter can ask for. */
async function crowded(): Promise<OpenMemory> {
  const om = openModelStore()
  const items = Array.from({ length: 300 }, (_, n) => ({
    content: `${OTHERS[n % OTHERS.length]} (${n})`,
    run_id: `run ${Math.floor(n / 6)}`,
    ...(n % 100 === 7 ? { tags: ['rare'], agent_id: 'rare', metadata: { rare: true } } : {}),
  }))
  await om.addMemories(items)
  return om
}

test('a filter on one memory in a hundred gives the order of the whole search', async () => {
  const om = await crowded()
  const query = 'Which day is the appointment?'
  const all = await om.searchMemories(query, { limit: 1000 })
  const expected = all.filter(({ tags }) => tags.includes('rare')).map(({ id, score }) => [id, score])
  expect(expected).toHaveLength(3)
  const memory_ids = { in: expected.map(([id]) => id as string).sort() }
  const choices: Filters[] = [{ tags: 'rare' }, { agent_id: 'rare' }, { 'metadata.rare': true }, { memory_ids }]
  for (const filters of choices) {
    const found = await om.searchMemories(query, { filters })
    expect(found.map(({ id }) => id)).toEqual(expected.map(([id]) => id))
    for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(expected[at]?.[1] as number, 4)
  }
})

test('a hundred searches do not change stored data', async () => {
  const om = openModelStore()
  await om.addMemories(OTHERS.map((content) => ({ content })))
  const stored = async () => {
    const { memories } = await om.listMemories()
    return memories.map(({ id, version, updated_at, content, tags, metadata }) => {
      return { id, version, updated_at, content, tags, metadata }
    })
  }
  const before = await stored()
  for (let n = 0; n < 100; n++) await om.searchMemories(`appointment ${n}`)
  expect(await stored()).toEqual(before)
})

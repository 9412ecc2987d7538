// Mastra's storage and vectors, under its own agent, memory and types.

import { expect, test } from '@jest/globals'
import { OpenMemoryStorage, OpenMemoryVector } from '@openmemory/sdk/mastra'
import { messageOf } from '../helpers/child'
import { freshDirectory, openStore } from '../helpers/store'

/** Of the test embedder. */
const DIMENSION = 256
const unit = (at: number) => Array.from({ length: DIMENSION }, (_, index) => Number(index === at))

function message(id: string, text: string, { threadId = 't1', resourceId = 'ada', at = 0, role = 'user' } = {}) {
  const content = { format: 2 as const, parts: [{ type: 'text' as const, text }] }
  return { id, role: role as 'user', threadId, resourceId, content, createdAt: new Date(1_700_000_000_000 + at) }
}

async function conversations(om = openStore()) {
  const memory = await new OpenMemoryStorage(om).getStore('memory')
  if (memory === undefined) throw new Error('The storage has no memory')
  return { om, memory }
}

function thread(id: string, resourceId = 'ada') {
  const now = new Date(1_700_000_000_000)
  return { id, resourceId, title: 'Homes', createdAt: now, updatedAt: now, metadata: { pinned: true } }
}

// In a process of its own: Jest does not run modules that Mastra's agent needs.
test('an agent is given what was said before, and it is found by its words', async () => {
  const { given, roles, found } = await messageOf<Record<string, unknown>>('mastra-agent.mjs', freshDirectory())
  const [first = 0, second] = given as number[]
  expect(second).toBe(first + 2)
  expect({ roles, found }).toEqual({ roles: ['user', 'assistant', 'user', 'assistant'], found: 'I live in Lisbon' })
})

test('a message moves to another thread and user, and its update is a version', async () => {
  const { om, memory } = await conversations()
  await memory.saveThread({ thread: thread('t1') })
  await memory.saveThread({ thread: thread('t2', 'bob') })
  await memory.saveMessages({ messages: [message('m1', 'I drink tea'), message('m2', 'Noted', { at: 1 })] })
  const [said] = (await om.listMemories({ filters: { keywords: 'tea' } })).memories
  const { content } = message('m1', 'I drink coffee')
  await memory.updateMessages({ messages: [{ id: 'm1', content }] })
  const edited = await om.getMemory(said?.id as string)
  expect(edited).toMatchObject({ content: 'I drink coffee', user_id: 'ada', run_id: 't1', version: 2 })
  await memory.updateMessages({ messages: [{ id: 'm1', threadId: 't2', resourceId: 'bob' }] })
  expect(await om.getMemory(said?.id as string)).toMatchObject({ user_id: 'bob', run_id: 't2' })
  expect((await memory.listMessages({ threadId: 't1' })).messages.map(({ id }) => id)).toEqual(['m2'])
  await memory.deleteThread({ threadId: 't1' })
  expect((await memory.listMessages({ threadId: 't2' })).messages).toMatchObject([
    { id: 'm1', createdAt: expect.any(Date) },
  ])
  expect((await om.listMemories()).memories.map(({ content }) => content)).toEqual(['I drink coffee'])
})

test('threads, resources and observations are kept, and no search finds them', async () => {
  const { om, memory } = await conversations()
  await memory.saveThread({ thread: thread('t1') })
  await memory.saveResource({
    resource: { id: 'ada', workingMemory: '# Ada', createdAt: new Date(), updatedAt: new Date() },
  })
  const input = { threadId: null, resourceId: 'ada', scope: 'resource' as const, config: {} }
  const record = await memory.initializeObservationalMemory(input)
  await memory.setPendingMessageTokens(record.id, 7)
  const again = (await conversations(om)).memory
  expect(await again.getThreadById({ threadId: 't1' })).toEqual(thread('t1'))
  expect(await again.getResourceById({ resourceId: 'ada' })).toMatchObject({ workingMemory: '# Ada' })
  expect(await again.getObservationalMemory(null, 'ada')).toMatchObject({
    ...{ id: record.id, pendingMessageTokens: 7, createdAt: record.createdAt },
  })
  expect((await om.listMemories()).memories).toEqual([])
  await again.dangerouslyClearAll()
  expect([await again.getThreadById({ threadId: 't1' }), (await om.stats()).memories]).toEqual([null, 0])
})

test('storages on one store do not lose each other’s changes', async () => {
  const { om, memory } = await conversations()
  const other = (await conversations(om)).memory
  await memory.saveThread({ thread: thread('t1') })
  const change = (storage: typeof memory, at: number) => storage.patchThread({ id: 't1', metadata: { [`k${at}`]: at } })
  await Promise.all(Array.from({ length: 10 }, (_, at) => change(at % 2 === 0 ? memory : other, at)))
  const kept = Object.keys((await memory.getThreadById({ threadId: 't1' }))?.metadata ?? {})
  expect(kept.sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'pinned'])
})

test('the latest messages of a long thread are read alone', async () => {
  const { memory } = await conversations()
  await memory.saveThread({ thread: thread('t1') })
  await memory.saveMessages({ messages: Array.from({ length: 50 }, (_, at) => message(`m${at}`, `tea ${at}`, { at })) })
  const latest = { threadId: 't1', perPage: 3, orderBy: { field: 'createdAt', direction: 'DESC' } } as const
  const bounded = await memory.listMessages({ ...latest, includeTotal: false })
  expect(bounded.messages.map(({ id }) => id)).toEqual(['m49', 'm48', 'm47'])
  expect(bounded.hasMore).toBe(true)
  expect((await memory.listMessages(latest)).total).toBe(50)
})

test('vectors are found by their direction and by filters, and only here', async () => {
  const om = openStore()
  const vector = new OpenMemoryVector(om)
  await expect(vector.createIndex({ indexName: 'docs', dimension: 3 })).rejects.toMatchObject({
    details: { field: 'vector' },
  })
  await vector.createIndex({ indexName: 'docs', dimension: DIMENSION })
  await vector.createIndex({ indexName: 'docs', dimension: DIMENSION })
  const metadata = [
    { text: 'tea', n: 1 },
    { text: 'coffee', n: 2 },
    { n: 3, tags: ['a', 'b'] },
  ]
  const vectors = [unit(0), unit(1), unit(2)]
  expect(await vector.upsert({ indexName: 'docs', vectors, metadata, ids: ['a', 'b', 'c'] })).toEqual(['a', 'b', 'c'])
  const found = await vector.query({ indexName: 'docs', queryVector: unit(1), topK: 2 })
  expect(found[0]).toEqual({ id: 'b', score: expect.closeTo(1), metadata: metadata[1] })
  expect(found.length).toBe(2)
  const ids = async (filter: Parameters<typeof vector.query>[0]['filter']) =>
    (await vector.query({ indexName: 'docs', queryVector: unit(0), filter })).map(({ id }) => id).sort()
  expect(await ids({ n: { $gt: 1 } })).toEqual(['b', 'c'])
  expect(await ids({ $or: [{ n: 1 }, { tags: { $all: ['a', 'b'] } }] })).toEqual(['a', 'c'])
  expect(await ids({ text: { $not: { $eq: 'tea' } } })).toEqual(['b'])
  expect(await ids({ text: '*' })).toEqual([])
  await expect(ids({ text: { $regex: 't.*' } })).rejects.toMatchObject({ details: { field: 'filter.text.$regex' } })
  await vector.updateVector({ indexName: 'docs', id: 'a', update: { vector: unit(5) } })
  const [moved] = await vector.query({ indexName: 'docs', queryVector: unit(5), topK: 1 })
  expect(moved).toMatchObject({ id: 'a', metadata: metadata[0] })
  await vector.deleteVectors({ indexName: 'docs', filter: { n: 2 } })
  expect(await vector.describeIndex({ indexName: 'docs' })).toEqual({
    dimension: DIMENSION,
    count: 2,
    metric: 'cosine',
  })
  expect(await om.searchMemories('tea coffee')).toEqual([])
  await vector.deleteIndex({ indexName: 'docs' })
  expect([await vector.listIndexes(), (await om.stats()).memories]).toEqual([[], 0])
  await expect(vector.query({ indexName: 'docs', queryVector: unit(0) })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

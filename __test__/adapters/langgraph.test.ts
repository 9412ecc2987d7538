// LangGraph's store under a real graph, and the operations that its own stores promise.

import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from '@langchain/langgraph'
import { InvalidNamespaceError } from '@langchain/langgraph-checkpoint'
import type { AddOptions, NewMemory, OpenMemory } from '@openmemory/sdk'
import { OpenMemoryStore } from '@openmemory/sdk/langgraph'
import { openStore } from '../helpers/store'

const keysOf = (items: { key: string }[]) => items.map(({ key }) => key).sort()

test('a graph remembers across threads', async () => {
  const store = new OpenMemoryStore(openStore())
  const State = Annotation.Root({ text: Annotation<string>, answer: Annotation<string> })
  const graph = new StateGraph(State)
    .addNode('remember', async ({ text }, { store, configurable }: LangGraphRunnableConfig) => {
      const namespace = ['users', configurable?.user as string]
      const [known] = (await store?.search(namespace, { query: text, limit: 1 })) ?? []
      await store?.put(namespace, text, { text })
      return { answer: (known?.value.text as string) ?? 'nothing' }
    })
    .addEdge(START, 'remember')
    .compile({ store })
  const ask = async (user: string, text: string) =>
    (await graph.invoke({ text }, { configurable: { thread_id: `${Math.random()}`, user } })).answer
  expect(await ask('ada', 'Ada drinks tea')).toBe('nothing')
  expect(await ask('ada', 'What tea does Ada drink?')).toBe('Ada drinks tea')
  expect(await ask('bob', 'What tea does Ada drink?')).toBe('nothing')
})

test('put replaces the whole value, keeps when it was created, and is a version', async () => {
  const om = openStore()
  const store = new OpenMemoryStore(om, { userId: 'ada' })
  expect(await store.put(['a', 'b'], 'k', { one: 1, nested: { two: 2 } })).toBeUndefined()
  const first = await store.get(['a', 'b'], 'k')
  await store.put(['a', 'b'], 'k', { nested: { three: null }, list: [1, { x: 'y' }] })
  const second = await store.get(['a', 'b'], 'k')
  expect(second).toMatchObject({ namespace: ['a', 'b'], key: 'k', createdAt: first?.createdAt })
  expect(second?.value).toEqual({ nested: { three: null }, list: [1, { x: 'y' }] })
  expect(second?.updatedAt.getTime()).toBeGreaterThanOrEqual(first?.updatedAt.getTime() as number)
  const [memory] = (await om.listMemories()).memories
  expect(memory).toMatchObject({ user_id: 'ada', version: 2 })
  await store.delete(['a', 'b'], 'k')
  await store.delete(['a', 'b'], 'never')
  expect(await store.get(['a', 'b'], 'k')).toBeNull()
  await store.put(['a', 'b'], 'k', { again: true })
  expect((await store.get(['a', 'b'], 'k'))?.value).toEqual({ again: true })
})

test('ids and tags on disk are digests of namespace and key', async () => {
  const om = openStore()
  const digest = (...parts: unknown[]) =>
    createHash('sha256')
      .update(JSON.stringify([null, ...parts]))
      .digest('hex')
  // As long as it takes to need another block, and what is more than one byte.
  const keys = Array.from({ length: 140 }, (_, length) => `${length} é😀 ${'k'.repeat(length)}`)
  const namespace = ['users', 'ada']
  await new OpenMemoryStore(om).batch(keys.map((key) => ({ namespace, key, value: { key } })))
  const { memories } = await om.listMemories({ limit: 1000, order: 'created_at:asc' })
  expect(new Set(memories.map(({ id }) => id))).toEqual(new Set(keys.map((key) => `lg:${digest(namespace, key)}`)))
  const prefixes = [[], ['users'], namespace]
  expect(memories[0]?.tags.toSorted()).toEqual(prefixes.map((prefix) => `ns:${digest(prefix).slice(0, 32)}`).sort())
})

test('operations of one batch take effect in their order', async () => {
  const store = new OpenMemoryStore(openStore())
  const at = { namespace: ['n'], key: 'k' }
  const results = await store.batch([
    at,
    { ...at, value: { n: 1 } },
    { ...at, value: { n: 2 } },
    at,
    { namespacePrefix: ['n'] },
    { ...at, value: null },
    at,
    { limit: 10, offset: 0 },
  ] as never[])
  expect(results).toMatchObject([null, undefined, undefined, { value: { n: 2 } }, [{ key: 'k' }], undefined, null, []])
})

test('an operation that fails stops no other', async () => {
  const store = new OpenMemoryStore(openStore())
  const put = (key: string, value: object) => ({ namespace: ['n'], key, value: value as Record<string, unknown> })
  const batch = store.batch([
    put('small', { n: 1 }),
    put('huge', { text: 'x'.repeat(1_048_577) }),
    put('other', { n: 2 }),
  ])
  await expect(batch).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  expect(keysOf(await store.search(['n']))).toEqual(['other', 'small'])
  await expect(store.put([], 'k', {})).rejects.toThrow(InvalidNamespaceError)
  await expect(store.put(['a.b'], 'k', {})).rejects.toThrow(InvalidNamespaceError)
  await expect(store.batch([{ namespace: [''], key: 'k', value: {} }])).rejects.toThrow(InvalidNamespaceError)
  await expect(store.put(Array(64).fill('x'), 'k', {})).rejects.toMatchObject({ details: { field: 'namespace' } })
  for (const index of [{ text: true }, true, 'text', [1]]) {
    const put = store.put(['n'], 'k', { text: 'x' }, index as never)
    await expect(put).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'index' } })
  }
  expect(() => new OpenMemoryStore(openStore(), { fields: 'text' as never })).toThrow(/fields/)
})

test('a part that is refused as a whole stops no other, and neither does a put that is replaced', async () => {
  const om = openStore()
  const refusing = Object.assign(Object.create(om) as OpenMemory, {
    addMemories: async (memories: NewMemory[], options: AddOptions) => {
      if (memories.some(({ metadata }) => metadata?.key === '0')) throw new Error('refused')
      await delay(50)
      return om.addMemories(memories, options)
    },
    deleteMemories: om.deleteMemories.bind(om),
    listMemories: om.listMemories.bind(om),
  })
  const puts = Array.from({ length: 600 }, (_, n) => ({ namespace: ['n'], key: String(n), value: { n } }))
  const deletion = { namespace: ['n'], key: '599', value: null }
  await expect(
    new OpenMemoryStore(refusing).batch([...puts, { namespace: ['n'], key: '1' }, deletion] as never[]),
  ).rejects.toThrow('refused')
  expect((await om.listMemories({ limit: 1000 })).memories).toHaveLength(349)

  const store = new OpenMemoryStore(om)
  const twice = [{ value: { n: 1n } }, { value: { n: 2 } }].map((value) => ({ namespace: ['n'], key: 'big', ...value }))
  await expect(store.batch(twice as never[])).rejects.toThrow(/BigInt/)
  expect((await store.get(['n'], 'big'))?.value).toEqual({ n: 2 })
})

test('racing puts of one key are all kept as versions', async () => {
  const om = openStore()
  const store = new OpenMemoryStore(om)
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(['n'], 'k', { n })))
  expect((await om.listMemories()).memories).toMatchObject([{ version: 20 }])
})

test('puts that a program makes at once are written together, and each has its own outcome', async () => {
  const om = openStore()
  const sizes: number[] = []
  const counting = Object.assign(Object.create(om) as OpenMemory, {
    addMemories: (memories: NewMemory[], options: AddOptions) => {
      sizes.push(memories.length)
      return om.addMemories(memories, options)
    },
    deleteMemories: om.deleteMemories.bind(om),
    listMemories: om.listMemories.bind(om),
  })
  const store = new OpenMemoryStore(counting)
  await store.put(['n'], 'old', { n: 0 })
  sizes.length = 0
  const puts = await Promise.allSettled([
    ...Array.from({ length: 300 }, (_, n) => store.put(['n'], `k${n}`, { n })),
    store.put(['n'], 'wrong', { text: 'x'.repeat(1_048_577) }),
    store.delete(['n'], 'old'),
    store.put(['n'], 'k7', { n: 'again' }),
  ])
  expect(puts.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []))).toEqual([300])
  expect(puts[300]).toMatchObject({ reason: { code: 'LIMIT_EXCEEDED' } })
  expect(sizes).toEqual([250, 51, 1])
  const { memories } = await om.listMemories({ limit: 1000 })
  expect(memories).toHaveLength(300)
  expect(memories.filter(({ version }) => version === 2).map(({ metadata }) => metadata)).toMatchObject([{ key: 'k7' }])
  expect((await store.get(['n'], 'k7'))?.value).toEqual({ n: 'again' })
})

test('a prefix ends at a label, and users do not see each other', async () => {
  const om = openStore()
  const store = new OpenMemoryStore(om)
  const ada = new OpenMemoryStore(om, { userId: 'ada' })
  await store.put(['acme', 'docs'], 'a', { n: 1 })
  await store.put(['acme-corp', 'docs'], 'b', { n: 1 })
  await ada.put(['acme', 'docs'], 'c', { n: 1 })
  expect(keysOf(await store.search(['acme']))).toEqual(['a'])
  expect(keysOf(await store.search([]))).toEqual(['a', 'b'])
  expect(keysOf(await ada.search([]))).toEqual(['c'])
  expect(await store.get(['acme', 'docs'], 'c')).toBeNull()
  await ada.delete(['acme', 'docs'], 'a')
  expect(await store.get(['acme', 'docs'], 'a')).not.toBeNull()
  expect(() => new OpenMemoryStore(om, { userId: undefined })).toThrow(/userId/)
})

test('filters compare fields of the value, literally', async () => {
  const store = new OpenMemoryStore(openStore())
  const values = { a: { name: 'ada', age: 36, tags: ['x'] }, b: { name: 'bob', age: 20 }, c: { name: '*', age: null } }
  for (const [key, value] of Object.entries(values)) await store.put(['n'], key, value)
  for (const [filter, found] of [
    [{ name: 'ada' }, ['a']],
    [{ name: '*' }, ['c']],
    [{ name: { $eq: '*' } }, ['c']],
    [{ name: { $ne: '*' } }, ['a', 'b']],
    [{ age: { $gt: 20 } }, ['a']],
    [{ age: { $gte: 20, $lt: 36 } }, ['b']],
    [{ age: { $lte: 36 }, name: 'ada' }, ['a']],
    [{ name: { $in: ['ada', 'bob'] } }, ['a', 'b']],
    [{ name: { $nin: ['ada'] } }, ['b', 'c']],
    [{ tags: { $exists: true } }, ['a']],
    [{ tags: ['x'] }, ['a']],
    [{ age: null }, ['c']],
  ] as const) {
    expect({ filter, found: keysOf(await store.search(['n'], { filter })) }).toEqual({ filter, found: [...found] })
  }
  await expect(store.search(['n'], { filter: { age: { $near: 1 } } })).rejects.toMatchObject({
    details: { field: 'filter.age' },
  })
})

test('a query finds by the texts of the fields, best first, and skips what is not indexed', async () => {
  const store = new OpenMemoryStore(openStore(), { fields: ['text', 'notes[*].body'] })
  await store.put(['n'], 'tea', { text: 'Ada drinks green tea', other: 'coffee' })
  await store.put(['n'], 'notes', { notes: [{ body: 'a black coffee' }, { body: 'milk' }] })
  await store.put(['n'], 'hidden', { text: 'coffee' }, false)
  await store.put(['n'], 'own', { text: 'x', title: 'coffee cake' }, ['title'])
  const found = await store.search(['n'], { query: 'coffee' })
  expect(keysOf(found.filter(({ score }) => (score as number) > 0)).slice(0, 3)).toEqual(['notes', 'own', 'tea'])
  expect(found[0]?.key).not.toBe('tea')
  expect(found.map(({ score }) => score)).toEqual(
    [...found.map(({ score }) => score)].sort((a, b) => Number(b) - Number(a)),
  )
  expect(await store.search(['n'], { query: 'coffee', offset: 1, limit: 1 })).toEqual([found[1]])
  expect(keysOf(await store.search(['n'], { query: ' ' }))).toEqual(['hidden', 'notes', 'own', 'tea'])
  expect(await store.search(['n'], { query: 'coffee', offset: 1500, limit: 2 })).toEqual([])
})

test('each field has a vector of its own, and an item is as similar as its best one', async () => {
  const om = openStore()
  const fields = ['title', 'body']
  const value = { title: 'Ada drinks green tea', body: 'The quarterly revenue grew by nine percent in the north' }
  await new OpenMemoryStore(om, { fields }).put(['n'], 'both', value)
  const similarityOf = async (query: string) => (await om.searchMemories(query))[0]?.similarity
  for (const text of Object.values(value)) expect(await similarityOf(text)).toBeGreaterThan(0.99)
})

test('expired items are counted and swept, those of this user only', async () => {
  const om = openStore()
  const [ada, bob] = ['ada', 'bob'].map((userId) => new OpenMemoryStore(om, { userId, ttlMs: 50 }))
  const lasting = new OpenMemoryStore(om, { userId: 'ada' })
  expect(await lasting.getStats()).toEqual({
    ...{ totalItems: 0, expiredItems: 0, namespaceCount: 0, oldestItem: null, newestItem: null },
  })
  const before = new Date()
  await ada?.put(['short'], 'one', { a: 1 })
  await bob?.put(['short'], 'one', { a: 1 })
  for (const key of ['one', 'two', 'three']) await lasting.put(['n', key === 'one' ? 'x' : 'y'], key, { key })
  await delay(60)
  const stats = await lasting.getStats()
  expect(stats).toMatchObject({ totalItems: 3, expiredItems: 1, namespaceCount: 2 })
  const [oldest, newest] = [stats.oldestItem as Date, stats.newestItem as Date]
  expect(oldest.getTime()).toBeGreaterThanOrEqual(before.getTime())
  expect(newest.getTime()).toBeGreaterThanOrEqual(oldest.getTime())
  expect(await lasting.sweepExpiredItems()).toBe(1)
  expect(await lasting.getStats()).toMatchObject({ totalItems: 3, expiredItems: 0 })
  expect(await bob?.getStats()).toMatchObject({ totalItems: 0, expiredItems: 1 })
})

test('pages of a search without a query, and namespaces by prefix, suffix and depth', async () => {
  const store = new OpenMemoryStore(openStore())
  const namespaces = [
    ['a', 'b', 'c'],
    ['a', 'b', 'd'],
    ['a', 'x', 'c'],
    ['b', 'b', 'c'],
  ]
  await store.batch(
    namespaces.flatMap((namespace) => ['1', '2', '3'].map((key) => ({ namespace, key, value: { key } }))),
  )
  const all = await store.search(['a'], { limit: 100 })
  expect(all).toHaveLength(9)
  expect(await store.search(['a'], { limit: 4, offset: 3 })).toEqual(all.slice(3, 7))
  expect(await store.search(['a'], { limit: 4, offset: 9 })).toEqual([])
  expect(await store.search(['a'], { limit: 0 })).toEqual([])
  expect(await store.listNamespaces()).toEqual(namespaces)
  expect(await store.listNamespaces({ prefix: ['a', 'b'] })).toEqual(namespaces.slice(0, 2))
  expect(await store.listNamespaces({ prefix: ['*', 'b'], suffix: ['c'] })).toEqual([namespaces[0], namespaces[3]])
  expect(await store.listNamespaces({ maxDepth: 2 })).toEqual([
    ['a', 'b'],
    ['a', 'x'],
    ['b', 'b'],
  ])
  expect(await store.listNamespaces({ limit: 1, offset: 1 })).toEqual([namespaces[1]])
})

test('texts are read at every kind of path', async () => {
  const om = openStore()
  const value = {
    title: 'tea',
    list: [{ a: 'one', b: 'two' }, { a: 'three' }],
    meta: { x: 1, y: { z: true }, none: null },
  }
  const contentAt = async (path: string) => {
    await new OpenMemoryStore(om).put(['n'], path, value, [path])
    return (await om.listMemories({ filters: { 'metadata.key': path } })).memories[0]?.content
  }
  for (const [path, content] of [
    ['title', 'tea'],
    ['list[*].a', 'one\fthree'],
    ['list[0].b', 'two'],
    ['list[-1]', '{"a":"three"}'],
    ['list[7].a', ''],
    ['meta.{x,y.z}', '1\ftrue'],
    ['meta.*', '1\f{"z":true}'],
    ['meta.none', ''],
    ['title.deeper', ''],
    ['meta[0]', ''],
    ['$', JSON.stringify(value)],
  ]) {
    expect({ path, content: await contentAt(path as string) }).toEqual({ path, content })
  }
})

test('an item with a time to live is gone afterwards, and a put begins it again', async () => {
  const om = openStore()
  const store = new OpenMemoryStore(om, { ttlMs: 60_000 })
  const expiryOf = async () => Date.parse((await om.listMemories()).memories[0]?.expires_at ?? '')
  await store.put(['n'], 'k', { n: 1 })
  const first = await expiryOf()
  expect(first - Date.now()).toBeGreaterThan(30_000)
  const [{ id } = { id: '' }] = (await om.listMemories()).memories
  await om.updateMemory(id, { expires_at: '2020-01-01' })
  expect([await store.get(['n'], 'k'), await store.search(['n']), await store.listNamespaces()]).toEqual([null, [], []])
  await store.put(['n'], 'k', { n: 2 })
  expect((await store.get(['n'], 'k'))?.value).toEqual({ n: 2 })
  expect(await expiryOf()).toBeGreaterThanOrEqual(first)
  expect(() => new OpenMemoryStore(om, { ttlMs: 0 })).toThrow(/ttlMs/)
  for (const minScore of [1.5, -0.1, Number.NaN, null, '0.5']) {
    expect(() => new OpenMemoryStore(om, { minScore: minScore as number })).toThrow(/minScore/)
  }
})

test('namespaces are listed, and values of 1 MB kept', async () => {
  const store = new OpenMemoryStore(openStore())
  const namespaces = [['a', 'x'], ['a', 'y'], ['b', 'x'], ['a.b'.replace('.', '-')]] // biome-ignore format: a table
  for (const namespace of namespaces) {
    for (const key of ['1', '2']) await store.put(namespace, key, { text: 'x'.repeat(1000) })
  }
  expect(await store.listNamespaces()).toEqual([['a', 'x'], ['a', 'y'], ['a-b'], ['b', 'x']]) // biome-ignore format: a table
  expect(await store.listNamespaces({ prefix: ['a'] })).toEqual([['a', 'x'], ['a', 'y']]) // biome-ignore format: a table
  expect(await store.listNamespaces({ suffix: ['x'] })).toEqual([['a', 'x'], ['b', 'x']]) // biome-ignore format: a table
  expect(await store.listNamespaces({ maxDepth: 1, limit: 2, offset: 1 })).toEqual([['a-b'], ['b']])
  const big = { text: 'x'.repeat(1_000_000) }
  await store.put(['big'], 'k', big, false)
  expect((await store.get(['big'], 'k'))?.value).toEqual(big)
})

test('reading begins the time to live again, where that is wanted, without a version', async () => {
  const om = openStore()
  const store = new OpenMemoryStore(om, { ttlMs: 60_000, refreshOnRead: true })
  const plain = new OpenMemoryStore(om, { ttlMs: 60_000 })
  await store.put(['n'], 'k', { text: 'tea' })
  const expiry = async () => Date.parse((await om.listMemories()).memories[0]?.expires_at as string)
  const reads = [() => store.get(['n'], 'k'), () => store.search(['n']), () => store.search(['n'], { query: 'tea' })]
  for (const read of reads) {
    const [{ id = '' } = {}] = (await om.listMemories()).memories
    await om.touchMemories([id], { expires_at: new Date(Date.now() + 1000) })
    const before = await expiry()
    await plain.get(['n'], 'k')
    expect(await expiry()).toBe(before)
    await read()
    expect(await expiry()).toBeGreaterThan(before + 30_000)
  }
  expect((await om.listMemories()).memories).toMatchObject([{ version: 1 }])
})

test('items below the least score are left out', async () => {
  const om = openStore()
  const all = new OpenMemoryStore(om)
  for (const [key, text] of [
    ['a', 'green tea in the morning'],
    ['b', 'a bicycle with two gears'],
  ] as const) {
    await all.put(['n'], key, { text })
  }
  const [best, other] = await all.search(['n'], { query: 'green tea' })
  const between = ((best?.score as number) + (other?.score as number)) / 2
  const some = new OpenMemoryStore(om, { minScore: between })
  expect((await some.search(['n'], { query: 'green tea' })).map(({ key }) => key)).toEqual(['a'])
  expect(await some.search(['n'])).toHaveLength(2)
})

test('of several puts to one key in a batch of thousands the last one counts, and errors stay with their items', async () => {
  const store = new OpenMemoryStore(openStore())
  const puts = Array.from({ length: 2500 }, (_, i) => ({ namespace: ['n'], key: `k${i % 2400}`, value: { i } }))
  const wrong = { namespace: ['n'], key: 'wrong', value: { text: 'x'.repeat(1_200_000) } }
  await expect(store.batch([...puts, wrong, { namespace: ['n'], key: 'k7', value: null }])).rejects.toThrow()
  expect(await store.get(['n'], 'k99')).toMatchObject({ value: { i: 2499 } })
  expect(await store.get(['n'], 'k2399')).toMatchObject({ value: { i: 2399 } })
  expect(await store.get(['n'], 'k7')).toBeNull()
  expect(await store.get(['n'], 'wrong')).toBeNull()
})

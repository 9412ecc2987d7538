// Watching: every committed change in order, from now on or since an earlier one, and nothing after the end.

import { expect, test } from '@jest/globals'
import type { MemoryChange, OpenMemory, WatchOptions } from '@openmemory/sdk'
import { Watch } from '../dist/watch'
import { exitOf, start } from './helpers/child'
import { refusal } from './helpers/refusal'
import { embeddedTest, exceptInPostgres, freshDirectory, openStore } from './helpers/store'

async function take(changes: AsyncIterator<MemoryChange>, count: number): Promise<MemoryChange[]> {
  const taken: MemoryChange[] = []
  while (taken.length < count) {
    const { value, done } = await changes.next()
    if (done) break
    taken.push(value)
  }
  return taken
}

/** All changes so far: adds a last memory and returns the changes before it. */
async function until(om: OpenMemory, changes: AsyncIterator<MemoryChange>): Promise<MemoryChange[]> {
  const { id } = await om.addMemory({ content: 'the end', tags: ['end'] })
  const received: MemoryChange[] = []
  for (;;) {
    const { value, done } = await changes.next()
    if (done || value.id === id) return received
    received.push(value)
  }
}

/** A database does not keep what was deleted, not even for those who have not read of it yet. */
const DELETED = 'of a memory that was deleted meanwhile, only its deletion is told, whatever its tags were'

const named = ({ event, id, version }: MemoryChange) => [event, id, version]

exceptInPostgres('every change is delivered in commit order, with the resulting memory', DELETED, async () => {
  const om = openStore()
  const changes = om.watch()
  await om.addMemory({ id: 'a', content: 'tea' })
  await om.updateMemory('a', { content: 'coffee', tags: ['drink'] })
  await om.restoreMemory('a', 1)
  await om.addMemories([{ id: 'b', content: 'cup' }])
  await om.updateMemories([{ id: 'b', tags: ['blue'] }])
  const { deleted_at } = await om.deleteMemory('a')
  await om.deleteMemories(['b'])
  const received = await take(changes, 7)
  expect(received.map(named)).toEqual([
    ['ADD', 'a', 1],
    ['UPDATE', 'a', 2],
    ['RESTORE', 'a', 3],
    ['ADD', 'b', 1],
    ['UPDATE', 'b', 2],
    ['DELETE', 'a', 3],
    ['DELETE', 'b', 2],
  ])
  expect(received[1]?.memory).toMatchObject({ content: 'coffee', tags: ['drink'], version: 2 })
  expect(received[1]?.at).toBe(received[1]?.memory?.updated_at)
  expect(received[5]?.at).toBe(deleted_at)
  expect(received[5]).not.toHaveProperty('memory')
})

test('reading, searching, reinforcing and judging are no changes', async () => {
  const om = openStore()
  await om.addMemory({ id: 'a', content: 'tea' })
  const changes = om.watch()
  await om.searchMemories('tea')
  await om.reinforceMemory('a')
  await om.sendFeedback('a', 'POSITIVE')
  expect(await until(om, changes)).toEqual([])
})

exceptInPostgres('filters choose by what a change leaves, and by what a deletion takes', DELETED, async () => {
  const om = openStore({ userId: 'ada' })
  const changes = om.watch({ filters: { tags: { in: ['drink', 'end'] } } })
  await om.addMemories([
    { id: 'a', content: 'tea', tags: ['drink'] },
    { id: 'b', content: 'cup' },
    { id: 'c', content: 'milk', tags: ['drink'], user_id: 'bob' },
  ])
  await om.updateMemory('a', { tags: ['drink'] })
  await om.updateMemory('b', { tags: ['drink'] })
  await om.updateMemory('b', { tags: [] })
  await om.deleteMemories(['b', 'a'])
  expect((await until(om, changes)).map(named)).toEqual([
    ['ADD', 'a', 1],
    ['UPDATE', 'a', 2],
    ['UPDATE', 'b', 2],
    ['DELETE', 'a', 2],
  ])
})

test('a watch resumes exactly after its cursor while changes are buffered', async () => {
  const om = openStore()
  const keeper = om.watch()
  const first = om.watch()
  await om.addMemory({ id: 'a', content: 'tea' })
  await om.updateMemory('a', { tags: ['1'] })
  const [{ cursor } = { cursor: '' }] = await take(first, 1)
  await first.return?.()
  await om.updateMemory('a', { tags: ['2'] })
  expect((await until(om, om.watch({ since: cursor }))).map(named)).toEqual([
    ['UPDATE', 'a', 2],
    ['UPDATE', 'a', 3],
  ])
  await keeper.return?.()
})

test('after reopening, a watch replays the newest states and deletions, including backdated memories', async () => {
  const path = freshDirectory()
  const before = openStore({ path })
  const changes = before.watch()
  await before.addMemories(['a', 'b', 'c'].map((id) => ({ id, content: id })))
  const received = await take(changes, 3)
  await before.updateMemory('a', { content: 'tea' })
  await before.updateMemory('a', { content: 'coffee' })
  await before.deleteMemory('b')
  await before.addMemory({ id: 'old', content: 'long ago', created_at: '2001-01-01' })
  await before.close()
  const om = openStore({ path })
  const missed = await until(om, om.watch({ since: received[2]?.cursor as string }))
  const states = new Map(missed.map((change) => [change.id, change]))
  expect(states.get('a')).toMatchObject({ event: 'UPDATE', version: 3, memory: { content: 'coffee' } })
  expect(states.get('b')).toMatchObject({ event: 'DELETE', version: 1 })
  expect(states.get('old')).toMatchObject({ event: 'ADD', memory: { created_at: '2001-01-01T00:00:00.000Z' } })
  const last = missed.at(-1)?.cursor as string
  expect(await until(om, om.watch({ since: last }))).toMatchObject([{ id: expect.any(String), event: 'ADD' }])
})

test('since a time, changes from then on are delivered', async () => {
  const om = openStore()
  await om.addMemory({ id: 'before', content: 'tea' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  const since = new Date()
  await om.addMemory({ id: 'after', content: 'coffee' })
  expect((await until(om, om.watch({ since }))).map(({ id }) => id)).toEqual(['after'])
  const filters = { tags: 'none' }
  const all = await until(om, om.watch({ since: '2000-01-01', filters: { NOT: filters } }))
  expect(all.map(({ id }) => id)).toContain('before')
})

test('a thousand concurrent changes are all delivered', async () => {
  const om = openStore()
  const changes = om.watch()
  const items = Array.from({ length: 1000 }, (_, n) => ({ id: `m${n}`, content: `note ${n}` }))
  await om.addMemories(items)
  expect((await take(changes, 1000)).map(({ id }) => id)).toEqual(items.map(({ id }) => id))
})

test('all watchers get the same changes, and concurrent calls of next get them in order', async () => {
  const om = openStore()
  const [one, two] = [om.watch(), om.watch()]
  const waiting = Promise.all([one.next(), one.next()])
  await om.addMemories(['a', 'b'].map((id) => ({ id, content: id })))
  expect((await waiting).map(({ value }) => value?.id)).toEqual(['a', 'b'])
  expect((await take(two, 2)).map(({ id }) => id)).toEqual(['a', 'b'])
})

test('return, an aborted signal and close end it, also while it waits', async () => {
  const om = openStore()
  const abort = new AbortController()
  const watches = [om.watch(), om.watch({ signal: abort.signal }), om.watch()]
  const waiting = watches.map((watch) => watch.next())
  await watches[0]?.return?.()
  abort.abort()
  await om.ready()
  await om.close()
  for (const result of await Promise.all(waiting)) expect(result).toEqual({ done: true, value: undefined })
  expect(await watches[1]?.next()).toEqual({ done: true, value: undefined })
  expect(
    await om
      .watch({ signal: AbortSignal.abort() })
      .next()
      .catch((error) => error.code),
  ).toBe('CLOSED')
})

test('leaving a for await loop ends it', async () => {
  const om = openStore()
  const changes = om.watch()
  await om.addMemory({ content: 'tea' })
  for await (const { event } of changes) {
    expect(event).toBe('ADD')
    break
  }
  expect(await changes.next()).toEqual({ done: true, value: undefined })
})

test.each([
  [{ since: 'yesterday' }, 'since'],
  [{ since: 'c.nonsense' }, 'since'],
  [{ since: 7 }, 'since'],
  [{ filters: { unknown: 1 } }, 'filters.unknown'],
  [{ signal: 'stop' }, 'signal'],
  [{ from: 'now' }, 'from'],
])('%p is refused by name', async (options, field) => {
  const om = openStore()
  const error = await refusal(om.watch(options as WatchOptions).next())
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

embeddedTest('a process that only watches ends', async () => {
  expect(await exitOf(start('watch.mjs', freshDirectory()))).toBe(0)
})

test('a change is returned although nothing tells of it, if it is there when the next one is asked for', async () => {
  const change = { event: 'ADD', id: 'tea' } as MemoryChange
  const taken = [
    { changes: [], ended: false },
    { changes: [change], ended: false },
  ]
  const source = { take: async () => taken.shift() ?? { changes: [], ended: true }, end: () => {} }
  const changes = new Watch(
    () => ({ source, signal: undefined }),
    () => {},
  )
  changes.begin()
  expect(await changes.next()).toEqual({ done: false, value: change })
})

// Every earlier state can be read, and brought back, exactly.

import { beforeEach, expect, test } from '@jest/globals'
import type { Memory, OpenMemory } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { openStore } from './helpers/store'

let om: OpenMemory
let states: Memory[]
let id: string

const state = ({ content, tags, metadata, sectors, primary_sector, expires_at }: Memory) => ({
  ...{ content, tags, metadata },
  ...{ sectors, primary_sector, expires_at },
})

beforeEach(async () => {
  om = openStore()
  const first = await om.addMemory({ content: 'Node 20 is current', tags: ['node'], metadata: { lts: false } })
  id = first.id
  states = [
    first,
    await om.updateMemory(id, { content: 'Node 20 is LTS', metadata: { lts: true, since: '2023-10-24' } }),
    await om.updateMemory(id, { tags: ['node', 'lts'] }, { actor: 'ann', reason: 'tidy up' }),
    await om.updateMemory(id, { metadata: { lts: null, sector: 'semantic' }, expires_at: '2999-04-30' }),
  ]
})

test('each version can be read as it was', async () => {
  for (const earlier of states) {
    const read = await om.getMemory(id, { version: earlier.version })
    expect(read).toEqual({ ...earlier, salience: expect.any(Number) })
  }
})

test('each state can be read by its time', async () => {
  for (const earlier of states) {
    // Of versions made within one millisecond, the last is the state at that time.
    const last = states.findLast(({ updated_at }) => updated_at === earlier.updated_at) as Memory
    const read = await om.getMemory(id, { asOf: earlier.updated_at })
    expect(read.version).toBe(last.version)
    expect(state(read)).toEqual(state(last))
  }
  expect((await om.getMemory(id, { asOf: new Date('2999-01-01') })).version).toBe(4)
  const before = await refusal(om.getMemory(id, { asOf: '2001-01-01' }))
  expect(before.code).toBe('NOT_FOUND')
})

test('the history has every version, newest first, with changes, actor and reason', async () => {
  const versions = await om.getHistory(id)
  expect(versions.map(({ version, event }) => [version, event])).toEqual([
    [4, 'UPDATE'],
    [3, 'UPDATE'],
    [2, 'UPDATE'],
    [1, 'ADD'],
  ])
  for (const version of versions) {
    const earlier = states[version.version - 1] as Memory
    expect({ content: version.content, tags: version.tags, metadata: version.metadata }).toEqual({
      ...{ content: earlier.content, tags: earlier.tags },
      metadata: earlier.metadata,
    })
    expect(version.updated_at).toBe(earlier.updated_at)
  }
  expect(versions[1]).toMatchObject({ actor: 'ann', reason: 'tidy up' })
  expect(versions[1]?.changes).toEqual([{ field: 'tags', from: ['node'], to: ['node', 'lts'] }])
  expect(versions[2]?.changes).toEqual(
    expect.arrayContaining([
      { field: 'content', from: 'Node 20 is current', to: 'Node 20 is LTS' },
      { field: 'metadata.lts', from: false, to: true },
      { field: 'metadata.since', to: '2023-10-24' },
    ]),
  )
  expect(versions[0]?.changes).toEqual(
    expect.arrayContaining([
      { field: 'metadata.lts', from: true },
      { field: 'metadata.sector', to: 'semantic' },
      { field: 'expires_at', to: '2999-04-30T00:00:00.000Z' },
    ]),
  )
  expect(versions[3]?.changes).toEqual([])
})

test('the history is read in pages', async () => {
  const page = await om.getHistory(id, { limit: 2, before: 4 })
  expect(page.map(({ version }) => version)).toEqual([3, 2])
})

test('a restore brings each state back as a new version and rewrites nothing', async () => {
  for (const [index, earlier] of states.entries()) {
    const restored = await om.restoreMemory(id, earlier.version, { actor: 'bob', reason: 'wrong' })
    expect(restored.version).toBe(5 + index)
    expect(state(restored)).toEqual(state(earlier))
    const [newest] = await om.getHistory(id, { limit: 1 })
    expect(newest).toMatchObject({ event: 'RESTORE', restored_from: earlier.version, actor: 'bob', reason: 'wrong' })
  }
  for (const earlier of states) {
    expect(state(await om.getMemory(id, { version: earlier.version }))).toEqual(state(earlier))
  }
})

test('search follows a restore', async () => {
  await om.updateMemory(id, { content: 'Deno is another runtime' })
  await om.restoreMemory(id, 1)
  const [hit] = await om.searchMemories('Node 20 is current')
  expect(hit).toMatchObject({ id, content: 'Node 20 is current', version: 6 })
})

test('a version that does not exist is NOT_FOUND, one that is no version INVALID_ARGUMENT', async () => {
  expect((await refusal(om.getMemory(id, { version: 9 }))).code).toBe('NOT_FOUND')
  expect((await refusal(om.restoreMemory(id, 9))).code).toBe('NOT_FOUND')
  expect((await refusal(om.restoreMemory(id, 0))).code).toBe('INVALID_ARGUMENT')
  expect((await refusal(om.restoreMemory(id, 1, { ifVersion: 2 }))).code).toBe('VERSION_CONFLICT')
  expect((await om.getMemory(id)).version).toBe(4)
})

// What was true when, and what was known when: the questions that agents ask about the past, with exact answers.

import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Memory, OpenMemory, Operation, SearchOptions } from '@openmemory/sdk'
import { exitOf, nextMessage, start } from './helpers/child'
import { refusal } from './helpers/refusal'
import { freshDirectory, inPostgres, openModelStore, openStore } from './helpers/store'

const A = 'home'
const B = 'job'
const C = 'sister'
const D = 'trip'
const E = 'cat'
const F = 'rome'

/** The store, with the times at which it was told. */
const MEMORIES = [
  {
    id: A,
    created_at: '2024-06-10',
    versions: [
      {
        version: 2,
        event: 'UPDATE',
        updated_at: '2026-03-05',
        content: 'Ada lives in Porto',
        valid_from: '2026-03-02',
      },
      { version: 1, event: 'ADD', updated_at: '2024-06-10', content: 'Ada lives in Lisbon', valid_from: '2024-06' },
    ],
  },
  {
    id: B,
    created_at: '2023-02-01',
    versions: [
      {
        version: 2,
        event: 'RETIRE',
        updated_at: '2026-05-02',
        content: 'Ada works at Acme',
        valid_from: '2023',
        valid_to: '2026-05-01',
        retired: 'ended',
      },
      { version: 1, event: 'ADD', updated_at: '2023-02-01', valid_from: '2023' },
    ],
  },
  {
    id: C,
    created_at: '2025-01-01',
    versions: [
      { version: 2, event: 'RETIRE', updated_at: '2025-02-01', content: 'Ada has a sister', retired: 'wrong' },
      { version: 1, event: 'ADD', updated_at: '2025-01-01' },
    ],
  },
  {
    id: D,
    created_at: '2025-06-01',
    versions: [
      { version: 1, event: 'ADD', updated_at: '2025-06-01', content: 'Ada went to Rome', valid_from: '2025-05' },
    ],
  },
  {
    id: E,
    created_at: '2025-02-01',
    versions: [
      { version: 2, event: 'UPDATE', updated_at: '2025-07-01', content: 'Ada’s cat is called Milou', correction: true },
      { version: 1, event: 'ADD', updated_at: '2025-02-01', content: 'Ada’s cat is called Milo' },
    ],
  },
  {
    id: F,
    created_at: '2026-04-01',
    versions: [
      {
        version: 1,
        event: 'ADD',
        updated_at: '2026-04-01',
        content: 'Ada lived in Rome',
        valid_from: '2019',
        valid_to: '2023',
      },
    ],
  },
]

function exported(memories: readonly object[]): string {
  const lines = [
    { format: 'openmemory-export', format_version: 1, model: null },
    ...memories.map((memory) => ({ ...memory, user_id: 'ada' })),
    { end: true },
  ]
  const file = join(freshDirectory(), 'memories.jsonl')
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

async function imported(): Promise<OpenMemory> {
  const om = openModelStore()
  expect(await om.importFrom(exported(MEMORIES))).toMatchObject({ imported: MEMORIES.length, failed: 0 })
  return om
}

const killed = mkdtempSync(join(tmpdir(), 'openmemory-killed-'))
afterAll(() => rmSync(killed, { recursive: true }))

/** A copy of a store whose process was killed after each commit. */
async function killedAfterEachCommit(): Promise<OpenMemory> {
  const [store, path] = [join(killed, 'store'), freshDirectory()]
  for (const memory of existsSync(store) ? [] : MEMORIES) {
    const child = start('import-and-wait.mjs', store, exported([memory]))
    expect(await nextMessage(child)).toMatchObject({ imported: 1, failed: 0 })
    child.kill('SIGKILL')
    await exitOf(child)
  }
  cpSync(store, path, { recursive: true })
  return openModelStore(path)
}

async function movedOnce(): Promise<OpenMemory> {
  const om = await imported()
  const file = join(freshDirectory(), 'memories.jsonl')
  await om.exportTo(file)
  const other = openModelStore()
  await other.importFrom(file)
  return other
}

const STORES: [string, () => Promise<OpenMemory>][] = [
  ['as it was told', imported],
  ['after an export and an import', movedOnce],
]
if (inPostgres) test.skip('a store whose process was killed after each commit (it opens a directory)', () => {})
else STORES.push(['whose process was killed after each commit', killedAfterEachCommit])

describe.each(STORES)('a store %s', (_, open) => {
  let om: OpenMemory

  beforeEach(async () => {
    om = await open()
  })

  const search = (query: string, options?: SearchOptions) => om.searchMemories(query, { limit: 20, ...options })
  const of = async (id: string, query: string, options?: SearchOptions) =>
    (await search(query, options)).find((match) => match.id === id)

  test('1: the current value is first, and what it replaced or has ended is absent', async () => {
    const matches = await search('Where does Ada live?')
    expect(matches[0]).toMatchObject({ id: A, version: 2, content: 'Ada lives in Porto' })
    const contents = matches.map(({ content }) => content)
    expect(contents).not.toContain('Ada lives in Lisbon')
    expect(contents).not.toContain('Ada lived in Rome')
    expect(matches[0]).not.toHaveProperty('current')
    expect(matches[0]).not.toHaveProperty('before')
  })

  test('2, 3: a hit has with it what it replaced', async () => {
    const before = [
      { content: 'Ada lives in Lisbon', version: 1, valid_from: '2024-06', until: '2026-03-02T00:00:00.000Z' },
    ]
    expect(await of(A, 'Where does Ada live?', { history: 2 })).toMatchObject({ version: 2, before })
    const [first] = await search('Where did Ada live before Porto?', { history: 1 })
    expect(first).toMatchObject({
      id: A,
      before: [{ content: 'Ada lives in Lisbon', replaced_at: '2026-03-05T00:00:00.000Z' }],
    })
    expect((await of(E, 'cat', { history: 2 }))?.before).toEqual([])
    expect((await of(D, 'Rome', { history: 2 }))?.before).toEqual([])
  })

  test('4: a text that was replaced is found as what it was', async () => {
    const [first] = await search('When did Ada live in Lisbon?', { includeHistory: true })
    expect(first).toMatchObject({
      ...{ id: A, version: 1, content: 'Ada lives in Lisbon', current: false },
      ...{ valid_from: '2024-06', until: '2026-03-02T00:00:00.000Z' },
      now: { version: 2, content: 'Ada lives in Porto' },
    })
    const again = await search('Where does Ada live?', { includeHistory: true })
    expect(again.filter(({ id }) => id === A)).toHaveLength(1)
    expect(again.map(({ content }) => content)).not.toContain('Ada’s cat is called Milo')
  })

  test('5, 6: at a time, the version whose interval holds it', async () => {
    const version = async (at: string) => (await of(A, 'Where does Ada live?', { at }))?.version
    expect(await version('2025-01-01')).toBe(1)
    expect(await version('2026-03-01T23:59Z')).toBe(1)
    expect(await version('2026-03-02T00:00Z')).toBe(2)
    const [first] = await search('Where does Ada live?', { at: '2025-01-01' })
    expect(first).toMatchObject({ id: A, content: 'Ada lives in Lisbon', current: false })
  })

  test('7: before a memory is known to begin, it is absent', async () => {
    expect(await of(F, 'Where does Ada live?', { at: '2021-06' })).toMatchObject({ content: 'Ada lived in Rome' })
    expect(await of(A, 'Where does Ada live?', { at: '2021-06' })).toBeUndefined()
  })

  test('8, 9, 10: as of a time, what the store had been told', async () => {
    const version = async (options: SearchOptions) => (await of(A, 'Where does Ada live?', options))?.version
    expect(await version({ asOf: '2026-03-03' })).toBe(1)
    expect(await version({ at: '2026-03-04', asOf: '2026-03-04' })).toBe(1)
    expect(await version({ at: '2026-03-04', asOf: '2026-03-06' })).toBe(2)
    const living = await search('Where does Ada live?', { asOf: '2026-03-31', at: '2021' })
    expect(living.filter(({ content }) => /live/.test(content))).toEqual([])
  })

  test('11, 12: what has ended is shown if it is asked for, or if it was true then', async () => {
    expect(await of(B, 'Where does Ada work?')).toBeUndefined()
    expect(await of(B, 'Where does Ada work?', { showRetired: true })).toMatchObject({ valid_to: '2026-05-01' })
    expect(await of(B, 'Where does Ada work?', { at: '2024' })).toMatchObject({ content: 'Ada works at Acme' })
    expect(await of(B, 'Where does Ada work?', { at: '2026-05-02' })).toBeUndefined()
  })

  test('13: what never was is only found where it was believed', async () => {
    for (const at of ['2024', '2025-01-15', '2025-06', '2026-11']) {
      expect(await of(C, 'Ada’s sister', { at })).toBeUndefined()
    }
    expect(await of(C, 'Ada’s sister')).toBeUndefined()
    expect(await of(C, 'Ada’s sister', { asOf: '2025-01-15' })).toMatchObject({ version: 1 })
    expect(await of(C, 'Ada’s sister', { asOf: '2025-02-15' })).toBeUndefined()
    expect(await of(C, 'Ada’s sister', { showRetired: true })).toMatchObject({ retired: 'wrong' })
  })

  test('15: a corrected text was never true, and was believed', async () => {
    expect(await of(E, 'Milo', { at: '2025-03-01' })).toMatchObject({
      version: 2,
      content: 'Ada’s cat is called Milou',
    })
    expect(await of(E, 'Milo', { asOf: '2025-03-01' })).toMatchObject({
      version: 1,
      content: 'Ada’s cat is called Milo',
    })
  })

  test('16: a question that names a time finds first what happened then', async () => {
    for (const [query, options] of [
      ['What trip did Ada make in May 2025?', {}],
      ['What trip did Ada make last month?', { referenceTime: '2025-06-10' }],
      ['What trip did Ada make last month?', { referenceTime: new Date('2025-06-10') }],
    ] as const) {
      const [first] = await search(query, { explain: true, ...options })
      expect(first).toMatchObject({ id: D, explain: { time: { value: 1 } } })
    }
    const without = await search('What trip did Ada make?', { explain: true })
    expect(without.map(({ explain }) => explain?.time?.value)).toEqual(without.map(() => 0))
    const told = await of(E, 'What was said about the cat in February 2025?', { explain: true })
    expect(told?.explain?.time?.value).toBeCloseTo(2 / 3)
    const later = await of(D, 'What trip did Ada make in May 2024?', { explain: true })
    expect(later?.explain?.time?.value).toBeLessThan(0.001)
    await om.updateMemory(D, { valid_from: '2024-05' }, { correction: true })
    const moved = await of(D, 'What trip did Ada make in May 2024?', { explain: true })
    expect(moved?.explain?.time?.value).toBe(1)
  })

  test('17: only a correction goes back, and ends the version before earlier', async () => {
    const error = await refusal(om.updateMemory(A, { valid_from: '2020' }))
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'valid_from' } })
    expect(await om.getMemory(A)).toMatchObject({ version: 2, valid_from: '2026-03-02' })
    await om.updateMemory(A, { valid_from: '2026-02-01' }, { correction: true })
    const content = async (at: string) => (await om.getMemory(A, { at })).content
    expect(await content('2026-02-15')).toBe('Ada lives in Porto')
    expect(await content('2026-01-31T23:59:59.999Z')).toBe('Ada lives in Lisbon')
    expect(await of(A, 'Where does Ada live?', { at: '2026-02-15' })).toMatchObject({ content: 'Ada lives in Porto' })
    expect((await of(A, 'Ada lives', { history: 2 }))?.before).toMatchObject([{ until: '2026-02-01T00:00:00.000Z' }])
  })

  test('19: a restored version is true again since it began, and it is known that it was not believed', async () => {
    expect(await om.restoreMemory(A, 1)).toMatchObject({
      version: 3,
      content: 'Ada lives in Lisbon',
      valid_from: '2024-06',
    })
    const content = async (options: SearchOptions) => (await of(A, 'Where does Ada live?', options))?.content
    expect(await content({ at: '2026-04-01' })).toBe('Ada lives in Lisbon')
    expect(await content({ at: '2026-04-01', asOf: '2026-04-01' })).toBe('Ada lives in Porto')
    expect(await content({ asOf: '2026-04-01' })).toBe('Ada lives in Porto')
  })

  test('20: tags and metadata move no interval', async () => {
    const before = await of(A, 'Ada lives', { history: 2 })
    const tagged = await om.updateMemory(A, { tags: ['home'], metadata: { seen: 1 } })
    expect(tagged).toMatchObject({ version: 3, valid_from: '2026-03-02' })
    expect((await of(A, 'Ada lives', { history: 2 }))?.before).toEqual(before?.before)
    expect((await om.getMemory(A, { at: '2026-03-01' })).content).toBe('Ada lives in Lisbon')
    expect((await om.getMemory(A, { at: '2026-03-02' })).version).toBe(3)
  })

  test('a list is read at a point in time as a search is', async () => {
    const ids = async (options: object) => {
      const { memories } = await om.listMemories({ order: 'created_at:asc', ...options })
      const iterated: string[] = []
      for await (const { id } of om.iterateMemories({ order: 'created_at:asc', limit: 1, ...options }))
        iterated.push(id)
      expect(iterated).toEqual(memories.map(({ id }) => id))
      return memories.map(({ id, version }) => `${id} ${version}`)
    }
    expect(await ids({})).toEqual(['home 2', 'cat 2', 'trip 1'])
    expect(await ids({ at: '2025-01-01' })).toEqual(['job 2', 'home 1', 'cat 2'])
    expect(await ids({ asOf: '2025-01-15' })).toEqual(['job 1', 'home 1', 'sister 1'])
    expect(await ids({ at: '2021', asOf: '2026-03-31' })).toEqual(['cat 2'])
    expect(await ids({ at: '2021', filters: { valid_to: { exists: true } } })).toEqual(['rome 1'])
    expect(await ids({ asOf: '2020' })).toEqual([])
  })

  test('one memory is read at a point in time, or is not found there', async () => {
    expect(await om.getMemory(A, { asOf: '2026-03-04' })).toMatchObject({ version: 1 })
    expect(await om.getMemory(A, { at: new Date('2026-03-04'), asOf: new Date('2026-03-06') })).toMatchObject({
      version: 2,
    })
    const refused = [
      om.getMemory(A, { asOf: '2020' }),
      om.getMemory(A, { at: '2020' }),
      om.getMemory(C, { at: '2025-01-15' }),
    ]
    for (const error of await Promise.all(refused.map((call) => refusal(call)))) expect(error.code).toBe('NOT_FOUND')
    for (const options of [
      { version: 1, at: '2025' },
      { version: 1, asOf: '2025-01-01' },
    ]) {
      expect((await refusal(om.getMemory(A, options))).code).toBe('INVALID_ARGUMENT')
    }
  })

  test('changes after a search in the past are found by the next one', async () => {
    await search('Where does Ada live?', { includeHistory: true })
    await om.updateMemory(A, { content: 'Ada lives in Faro' }, { reason: 'she moved' })
    const found = await of(A, 'Porto', { includeHistory: true, history: 1 })
    expect(found).toMatchObject({ version: 2, current: false, now: { version: 3, content: 'Ada lives in Faro' } })
    expect(found?.before).toMatchObject([{ content: 'Ada lives in Lisbon' }])
    expect((await of(A, 'Faro', { history: 1 }))?.before).toMatchObject([
      { content: 'Ada lives in Porto', reason: 'she moved' },
    ])
    await om.deleteMemory(A)
    for (const options of [{ includeHistory: true }, { at: '2025' }, { asOf: '2026-01-01' }]) {
      expect(await of(A, 'Lisbon Porto Faro', options)).toBeUndefined()
    }
  })

  test('filters hold for the version that is found', async () => {
    await om.updateMemory(A, { content: 'Ada lives in Faro', tags: ['coast'] })
    const filters = { tags: 'coast' }
    expect(await of(A, 'Lisbon', { includeHistory: true, filters })).toMatchObject({ content: 'Ada lives in Faro' })
    expect(await of(A, 'Lisbon', { at: '2025', filters })).toBeUndefined()
    expect(await of(A, 'Lisbon', { at: '2025', filters: { version: 1, user_id: 'ada' } })).toMatchObject({ version: 1 })
  })
})

test.each([
  ['at', { at: 'May' }],
  ['asOf', { asOf: 'last week' }],
  ['referenceTime', { referenceTime: 'soon' }],
  ['history', { history: 17 }],
  ['history', { history: -1 }],
  ['includeHistory', { includeHistory: 'yes' }],
])('%s is refused in %j', async (field, options) => {
  const om = openModelStore()
  const error = await refusal(om.searchMemories('x', options as SearchOptions))
  expect([error.status, error.details.field]).toEqual([
    field === 'history' && 'history' in options && options.history === 17 ? 413 : 400,
    field,
  ])
})

/** OPENMEMORY_FACTS_ROUNDS runs it for longer. */
const ROUNDS = Number(process.env.OPENMEMORY_FACTS_ROUNDS ?? 12)

test('any sequence of changes is read again as of each of its times, and undone as a whole', async () => {
  let seed = Number(process.env.OPENMEMORY_FACTS_SEED ?? 1)
  const below = (count: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return Math.floor((seed / 2 ** 32) * count)
  }
  const dates = ['2019', '2021-06', '2024-02-29', '2026-03-02T10:00:00Z', '2030']
  const date = () => dates[below(dates.length)] as string
  const change = (version: number): Operation => {
    const correction = below(2) === 0
    switch (below(6)) {
      case 0:
        return { retire: { id: A, ...(below(2) === 0 && { valid_to: date() }) } }
      case 1:
        return { retire: { id: A, why: 'wrong' } }
      case 2:
        return { restore: { id: A, version: 1 + below(version) } }
      case 3:
        return { update: { id: A, tags: [`t${below(9)}`] } }
      case 4:
        return { update: { id: A, valid_from: date(), correction } }
      default:
        return {
          update: {
            id: A,
            content: `Ada lives in ${below(5)}`,
            correction,
            ...(below(2) === 0 && { valid_from: date() }),
          },
        }
    }
  }
  const visible = ({ salience: _, ...memory }: Memory) => memory
  const om = openStore()
  let accepted = 0
  for (let round = 0; round < ROUNDS; round++) {
    let now: Memory = await om.addMemory({
      id: A,
      content: 'Ada lives in 0',
      ...(below(2) === 0 && { valid_from: date() }),
    })
    const states = new Map([[now.updated_at, visible(now)]])
    for (let step = 0; step < 15; step++) {
      const [result] = await om.applyOperations([change(now.version)])
      if (!result?.ok) {
        expect(result?.error.code).toBe('INVALID_ARGUMENT')
        continue
      }
      accepted++
      const { event: _, ...memory } = result.memory
      if (below(4) === 0) {
        const [undone] = await om.undoOperations([result])
        const timeless = ({ version: _, updated_at: __, ...rest }: object & Partial<Memory>) => rest
        const { event: ___, ...back } = undone?.ok ? undone.memory : result.memory
        expect(timeless(visible(back))).toEqual(timeless(visible(now)))
        states.set(memory.updated_at, visible(memory))
        now = back
      } else now = memory
      states.set(now.updated_at, visible(now))
    }
    for (const [asOf, state] of states) expect(visible(await om.getMemory(A, { asOf }))).toEqual(state)
    await om.deleteMemory(A)
  }
  expect(accepted).toBeGreaterThan(ROUNDS * 5)
}, 600_000)

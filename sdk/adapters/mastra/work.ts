// What Mastra does with its rows, it does itself: its own storage in memory gets the rows that a call needs, and what the
// call has changed is committed. A commit that comes too late, because another process has changed a row, is made again.

import type { InMemoryDB, InMemoryMemory, StorageMessageType } from '@mastra/core/storage' with {
  'resolution-mode': 'import',
}
import type { Filters, Memory, Operation } from '../../../index'
import { OpenMemoryError } from '../../errors'
import type { MemoryStore } from '../store'
import {
  idOf,
  isVersionOf,
  type Kind,
  memoryOf,
  type ObservationRow,
  type Row,
  rowOf,
  rowsOf,
  tagOf,
  textOf,
} from './rows'

/** Mastra's storage in memory, of the module system in use. */
export interface InMemory {
  db: typeof InMemoryDB
  memory: typeof InMemoryMemory
}

/** The rows that a call needs. */
export type Needs = (rows: Rows) => Promise<unknown>

/** Memories of a page, ids of a filter and operations of a commit. */
const PAGE = 1000
/** How often a call is made again whose rows another process has changed. */
const ATTEMPTS = 20

export class Work {
  readonly #om: MemoryStore
  readonly #inMemory: InMemory
  /** Calls that write follow one another. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(om: MemoryStore, inMemory: InMemory) {
    this.#om = om
    this.#inMemory = inMemory
  }

  async read<T>(needs: Needs, call: (memory: InMemoryMemory) => Promise<T>): Promise<T> {
    const rows = await this.#rows(needs)
    return call(new this.#inMemory.memory({ db: rows.db }))
  }

  write<T>(needs: Needs, call: (memory: InMemoryMemory) => Promise<T>): Promise<T> {
    const done = this.#writing.then(() => this.#attempt(needs, call, ATTEMPTS))
    this.#writing = done.catch(() => undefined)
    return done
  }

  /** Deletes all rows for good. */
  async clear(): Promise<void> {
    const kinds: Kind[] = ['thread', 'message', 'resource', 'observations']
    await this.#om.deleteMemories({ filters: { tags: { in: kinds.map(tagOf) } } })
  }

  async #attempt<T>(needs: Needs, call: (memory: InMemoryMemory) => Promise<T>, left: number): Promise<T> {
    const rows = await this.#rows(needs)
    const answer = await call(new this.#inMemory.memory({ db: rows.db }))
    try {
      await rows.commit()
      return answer
    } catch (error) {
      if (left === 1 || !isLost(error)) throw error
      return this.#attempt(needs, call, left - 1)
    }
  }

  async #rows(needs: Needs): Promise<Rows> {
    const rows = new Rows(this.#om, new this.#inMemory.db())
    await needs(rows)
    return rows
  }
}

interface Loaded {
  kind: Kind
  text: string
  version: number
  row: Row
}

/** Rows of a store, in memory while a call runs. */
export class Rows {
  readonly db: InMemoryDB
  readonly #om: MemoryStore
  readonly #loaded = new Map<string, Loaded>()

  constructor(om: MemoryStore, db: InMemoryDB) {
    this.#om = om
    this.db = db
  }

  /** Those of these keys that exist. */
  async byKey(kind: Kind, keys: Iterable<string | undefined>): Promise<Row[]> {
    const ids = [...new Set(keys)].flatMap((key) => (key ? [idOf(kind, key)] : []))
    const found: Row[] = []
    for (const some of parts(ids)) found.push(...(await this.all(kind, { memory_ids: some })))
    return found
  }

  /** All rows of a kind that a filter selects, or the latest or earliest of them. */
  async all(
    kind: Kind,
    filters: Filters,
    {
      order = 'created_at:asc',
      limit = Number.POSITIVE_INFINITY,
    }: { order?: 'created_at:asc' | 'created_at:desc'; limit?: number } = {},
  ): Promise<Row[]> {
    const found: Memory[] = []
    let cursor: string | undefined
    do {
      const page = await this.#om.listMemories({
        ...{ filters, order, showRetired: true, limit: Math.min(limit - found.length, PAGE) },
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.memories)
      cursor = page.next_cursor
    } while (cursor !== undefined && found.length < limit)
    return (order === 'created_at:asc' ? found : found.reverse()).map((memory) => this.#keep(kind, memory))
  }

  messages(threadIds: readonly string[]): Promise<Row[]> {
    const given = threadIds.filter((id) => typeof id === 'string' && id !== '')
    return given.length === 0 ? Promise.resolve([]) : this.all('message', rowsOf('message', { threadIds: given }))
  }

  /** Messages, and all others of their threads. */
  async around(messageIds: readonly string[]): Promise<void> {
    const named = (await this.byKey('message', messageIds)) as StorageMessageType[]
    await this.messages([...new Set(named.map(({ thread_id }) => thread_id))])
  }

  /** What is remembered about the conversations of a user. */
  async observations(resourceId: string | undefined): Promise<void> {
    if (!resourceId) return
    const rows = (await this.all('observations', rowsOf('observations', { resourceId }))) as ObservationRow[]
    const places = new Map(rows.map(({ id, place }) => [id, place]))
    for (const records of this.db.observationalMemory.values()) {
      records.sort((one, other) => (places.get(one.id) ?? 0) - (places.get(other.id) ?? 0))
    }
  }

  /** The same, of the user of a record. */
  async observationsWith(recordId: string): Promise<void> {
    const [row] = (await this.byKey('observations', [recordId])) as ObservationRow[]
    await this.observations(row?.record.resourceId)
  }

  /** Writes what has changed, in one transaction for each 1000 rows. */
  async commit(): Promise<void> {
    const operations: Operation[][] = []
    const kept = new Set<string>()
    for (const [kind, row] of this.#now()) {
      const after = memoryOf(kind, row)
      kept.add(after.id)
      const before = this.#loaded.get(after.id)
      if (before === undefined) operations.push([{ add: after }])
      else if (before.text !== textOf(row)) operations.push(changed(before, after))
    }
    for (const [id, { version }] of this.#loaded) {
      if (!kept.has(id)) operations.push([{ delete: { id, ifVersion: version } }])
    }
    for (const some of parts(operations, PAGE / 2)) {
      const results = await this.#om.applyOperations(some.flat())
      for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
    }
  }

  #keep(kind: Kind, memory: Memory): Row {
    const known = this.#loaded.get(memory.id)
    if (known !== undefined) return known.row
    const row = rowOf(memory)
    this.#loaded.set(memory.id, { kind, text: textOf(row), version: memory.version, row: structuredClone(row) })
    if (kind === 'observations') {
      const { list, record } = row as ObservationRow
      this.db.observationalMemory.set(list, [...(this.db.observationalMemory.get(list) ?? []), record])
    } else {
      const table = { thread: this.db.threads, message: this.db.messages, resource: this.db.resources }[kind]
      ;(table as Map<string, Row>).set(row.id, row)
    }
    return row
  }

  /** The rows as the call has left them. */
  *#now(): Generator<[Kind, Row]> {
    for (const row of this.db.threads.values()) yield ['thread', row]
    for (const row of this.db.messages.values()) yield ['message', row]
    for (const row of this.db.resources.values()) yield ['resource', row]
    for (const [list, records] of this.db.observationalMemory) {
      for (const [at, record] of records.entries()) {
        // The newest generation comes first, so places count from the end and stay.
        yield ['observations', { id: record.id, list, place: at - records.length, record }]
      }
    }
  }
}

function changed({ kind, row, version }: Loaded, after: ReturnType<typeof memoryOf>): Operation[] {
  const { id, content, metadata } = after
  if (isVersionOf(memoryOf(kind, row), after)) {
    const said = kind === 'message' && content !== null ? { content, correction: true } : {}
    return [{ update: { id, ...said, metadata, ifVersion: version } }]
  }
  return [{ delete: { id, ifVersion: version } }, { add: after }]
}

/** Whether another process has changed a row meanwhile. */
function isLost(error: unknown): boolean {
  return error instanceof OpenMemoryError && ['NOT_FOUND', 'VERSION_CONFLICT'].includes(error.code)
}

function parts<T>(all: T[], size = PAGE): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

// What does `Memory` of `mem0ai/oss` do, on a store of this package? Messages are stored as they are: no language model is asked.

import type { MemoryVersion, NewMemory, OpenMemoryOptions, OpenMemory as Store } from '../../index'
import { failure, invalid, OpenMemoryError } from '../errors'
import { OpenMemory } from '../open-memory'
import { type Message, textsOf } from './messages'
import { type AddResult, itemOf, type MemoryItem, type SearchResult } from './records'
import { type Entity, exactly, filtersOf, refused, type SearchFilters, scopeOf, unscoped } from './scope'

/** What Mem0 is configured with. It names services that are not asked here, so it is accepted and has no effect. */
interface Mem0Config {
  version?: unknown
  embedder?: unknown
  vectorStore?: unknown
  llm?: unknown
  historyDbPath?: unknown
  historyStore?: unknown
  disableHistory?: unknown
  customInstructions?: unknown
  reranker?: unknown
}

/** The configuration of Mem0, which has no effect, and which store to use. */
export interface MemoryConfig extends Mem0Config {
  /** The store: an open one, which is not closed by `close()`, or options of `OpenMemory`. Default: `./.openmemory`. */
  openmemory?: Store | OpenMemoryOptions
}

/** Options of {@link Memory.add}. */
export interface AddMemoryOptions extends Entity {
  // biome-ignore lint/suspicious/noExplicitAny: as Mem0 declares it
  metadata?: Record<string, any>
  filters?: SearchFilters
  /** `true` is refused: nothing is inferred. */
  infer?: boolean
  /** The last day (YYYY-MM-DD) of the memory. */
  expirationDate?: string | null
}

/** Options of {@link Memory.search}. */
export interface SearchMemoryOptions {
  /** Default 20. */
  topK?: number
  /** The scope, and conditions on metadata. */
  filters?: SearchFilters
  /** The least `score`. Default 0. */
  threshold?: number
  showExpired?: boolean
}

/** Options of {@link Memory.getAll}. */
export interface GetAllMemoryOptions {
  /** Default 20. */
  topK?: number
  filters?: SearchFilters
  showExpired?: boolean
}

/** Options of {@link Memory.update}. */
export interface UpdateMemoryOptions {
  text?: string
  /** @deprecated Use `text`. */
  data?: string
  /** Merged into the metadata. */
  // biome-ignore lint/suspicious/noExplicitAny: as Mem0 declares it
  metadata?: Record<string, any>
  /** The last day (YYYY-MM-DD) of the memory, or `null` to clear it. */
  expirationDate?: string | null
}

/** The scope that {@link Memory.deleteAll} deletes. */
export interface DeleteAllMemoryOptions extends Entity {}

/** A change of a memory. */
export interface HistoryRecord {
  id: string
  memory_id: string
  previous_value: string | null
  new_value: string | null
  action: 'ADD' | 'UPDATE' | 'DELETE'
  created_at: string
  updated_at: string | null
  is_deleted: 0 | 1
}

const MEM0_FIELDS: readonly (keyof Mem0Config)[] = [
  ...(['version', 'embedder', 'vectorStore', 'llm', 'historyDbPath', 'historyStore'] as const),
  ...(['disableHistory', 'customInstructions', 'reranker'] as const),
]
const BATCH = 1000
const DEFAULT_RESULTS = 20

/**
 * The memory of `mem0ai/oss`, kept by OpenMemory: a program changes its import.
 *
 * ```ts
 * import { Memory } from '@openmemory/sdk/mem0'
 *
 * const memory = new Memory()
 * await memory.add('I live in Lisbon', { userId: 'ada' })
 * const { results } = await memory.search('Where does she live?', { filters: { user_id: 'ada' } })
 * ```
 */
export class Memory {
  readonly #om: Store
  readonly #isOwn: boolean

  /**
   * @param config Mem0's, which has no effect, and `openmemory`.
   * @throws {ValidationError} `INVALID_ARGUMENT` for a field that neither has.
   */
  constructor(config: MemoryConfig = {}) {
    const { openmemory, ...mem0 } = config
    const unknown = Object.keys(mem0).find((name) => !(MEM0_FIELDS as readonly string[]).includes(name))
    if (unknown !== undefined) throw invalid(unknown, 'is not an option here; options of the store go into openmemory')
    const open = isStore(openmemory) ? openmemory : undefined
    this.#isOwn = open === undefined
    this.#om = open ?? new OpenMemory(openmemory as OpenMemoryOptions | undefined)
  }

  /** @returns a memory with this configuration */
  static fromConfig(config: MemoryConfig): Memory {
    return new Memory(config)
  }

  /**
   * Stores each message as a memory.
   *
   * @returns What was stored; `left_out` names the messages and parts that are no text, as `messages[0].content[1]`.
   * @throws {ValidationError} `INVALID_ARGUMENT` for messages without text, without a scope, or with `infer: true`.
   */
  async add(messages: string | Message[], options: AddMemoryOptions): Promise<AddResult> {
    const { metadata = {}, filters, infer, expirationDate } = options ?? {}
    const { texts, leftOut } = textsOf(messages)
    if (infer === true) throw invalid('infer', 'must not be true: no language model is asked; store what it has found')
    const scope = scopeOf(options ?? {}, filters)
    if (Object.keys(scope).length === 0) {
      const message = 'One of the filters: userId, agentId or runId is required!'
      throw failure('INVALID_ARGUMENT', message, { details: { field: 'filters' } })
    }
    const expiry =
      expirationDate === undefined || expirationDate === null ? {} : { expires_at: afterDay(expirationDate) }
    const memories = texts.map(({ content, role }): NewMemory => {
      return {
        content,
        metadata: { ...(Array.isArray(messages) && { role }), ...unscoped(metadata) },
        ...scope,
        ...expiry,
      }
    })
    const results: MemoryItem[] = []
    for (let from = 0; from < memories.length; from += BATCH) {
      for (const result of await this.#om.addMemories(memories.slice(from, from + BATCH), { atomic: true })) {
        if (!result.ok && result.error.code !== 'ABORTED') throw result.error
        if (result.ok) results.push({ id: result.memory.id, memory: result.memory.content, metadata: { event: 'ADD' } })
      }
    }
    return { results, ...(leftOut.length > 0 && { left_out: leftOut }) }
  }

  /** @returns the memory; null if there is none */
  async get(memoryId: string): Promise<MemoryItem | null> {
    try {
      return itemOf(await this.#om.getMemory(memoryId))
    } catch (error) {
      if (error instanceof OpenMemoryError && error.code === 'NOT_FOUND') return null
      throw error
    }
  }

  /** @throws {ValidationError} `INVALID_ARGUMENT` unless the filters name a user, an agent or a run. */
  async search(query: string, options: SearchMemoryOptions): Promise<SearchResult> {
    const { topK = DEFAULT_RESULTS, filters, threshold = 0, showExpired = false } = checked(options)
    if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
      throw refused('threshold', `${threshold}. Must be between 0 and 1 (inclusive).`)
    }
    const own = filtersOf(filters)
    if (topK === 0) return { results: [] }
    const found = await this.#om.searchMemories(query, { limit: topK, filters: own, showExpired })
    const results = found.map(itemOf).filter(({ score = 0 }) => score >= threshold)
    return { results }
  }

  /**
   * Changes text, metadata or expiry; a change of the text is a new version.
   *
   * @throws {NotFoundError} If there is no such memory.
   */
  async update(memoryId: string, change: string | UpdateMemoryOptions): Promise<{ message: string }> {
    const { text, data, metadata, expirationDate } = typeof change === 'string' ? { text: change } : (change ?? {})
    const content = text ?? data ?? undefined
    // A null says nothing, but of an expiry: that it is cleared.
    if (content === undefined && (metadata ?? undefined) === undefined && expirationDate === undefined) {
      const message = 'At least one of text, metadata, or expirationDate must be provided.'
      throw failure('INVALID_ARGUMENT', message, { details: { field: 'text' } })
    }
    const expires_at =
      expirationDate === null || expirationDate === undefined ? expirationDate : afterDay(expirationDate)
    await this.#om.updateMemory(memoryId, {
      ...(content !== undefined && { content }),
      ...((metadata ?? undefined) !== undefined && { metadata: unscoped(metadata) }),
      ...(expires_at !== undefined && { expires_at }),
    })
    return { message: 'Memory updated successfully!' }
  }

  /** @throws {NotFoundError} If there is no such memory. */
  async delete(memoryId: string): Promise<{ message: string }> {
    await this.#om.deleteMemory(memoryId)
    return { message: 'Memory deleted successfully!' }
  }

  /** @throws {ValidationError} `INVALID_ARGUMENT` without a user, an agent and a run. */
  async deleteAll(options: DeleteAllMemoryOptions): Promise<{ message: string }> {
    const scope = scopeOf(options ?? {})
    if (Object.keys(scope).length === 0) {
      const message =
        'At least one filter is required to delete all memories: give userId, agentId or runId, or use reset().'
      throw failure('INVALID_ARGUMENT', message, { details: { field: 'userId' } })
    }
    await this.#om.deleteMemories({ filters: exactly(scope) })
    return { message: 'Memories deleted successfully!' }
  }

  /** @returns the changes, newest first; of a deleted memory only that it was deleted */
  async history(memoryId: string): Promise<HistoryRecord[]> {
    try {
      const records: HistoryRecord[] = []
      let before: number | undefined
      do {
        const versions = await this.#om.getHistory(memoryId, { limit: BATCH, ...(before !== undefined && { before }) })
        records.push(...versions.map(recordOf))
        before = versions.at(-1)?.version
      } while (before !== undefined && before > 1)
      return records
    } catch (error) {
      if (!(error instanceof OpenMemoryError) || error.code !== 'NOT_FOUND') throw error
      const { deleted_at, version } = error.details as { deleted_at?: string; version?: number }
      if (deleted_at === undefined) return []
      const gone = { previous_value: null, new_value: null, action: 'DELETE', is_deleted: 1 } as const
      return [
        {
          id: `${memoryId}:${version}:deleted`,
          memory_id: memoryId,
          ...gone,
          created_at: deleted_at,
          updated_at: deleted_at,
        },
      ]
    }
  }

  /** @throws {ValidationError} `INVALID_ARGUMENT` unless the filters name a user, an agent or a run. */
  async getAll(options: GetAllMemoryOptions): Promise<SearchResult> {
    const { topK = DEFAULT_RESULTS, filters, showExpired = false } = checked(options)
    const own = filtersOf(filters)
    if (topK === 0) return { results: [] }
    const { memories } = await this.#om.listMemories({ limit: topK, filters: own, showExpired })
    return { results: memories.map(itemOf) }
  }

  /** Deletes all memories of the store. */
  async reset(): Promise<void> {
    await this.#om.deleteMemories({ all: true })
  }

  /** Closes the store, unless it was passed open. Mem0 has no such method; a process ends by itself. */
  async close(): Promise<void> {
    if (this.#isOwn) await this.#om.close()
  }
}

/** An open store; of this package or of `@openmemory/sdk/remote`. */
function isStore(given: Store | OpenMemoryOptions | undefined): given is Store {
  return given !== undefined && 'addMemories' in given
}

/** The options, without those that older versions of Mem0 took. */
function checked<T extends SearchMemoryOptions>(options: T = {} as T): T {
  for (const name of ['userId', 'agentId', 'runId', 'user_id', 'agent_id', 'run_id', 'limit']) {
    if (name in options) throw invalid(name, `is not taken here; use ${name === 'limit' ? 'topK' : 'filters'}`)
  }
  const { topK } = options
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 0)) {
    throw refused('topK', `${topK}. Must be a non-negative integer.`)
  }
  return options
}

function recordOf({ id, version, event, content, changes, created_at, updated_at }: MemoryVersion): HistoryRecord {
  const from = changes.find(({ field }) => field === 'content')?.from
  const isFirst = event === 'ADD'
  return {
    ...{
      id: `${id}:${version}`,
      memory_id: id,
      previous_value: isFirst ? null : typeof from === 'string' ? from : content,
    },
    ...{ new_value: content, action: isFirst ? 'ADD' : 'UPDATE', created_at, is_deleted: 0 },
    updated_at: isFirst ? null : updated_at,
  }
}

/** The first moment after a day. */
function afterDay(date: string): string {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN
  // A day that a month does not have would be one of the next month.
  if (Number.isNaN(day) || new Date(day).toISOString().slice(0, 10) !== date)
    throw failure('INVALID_ARGUMENT', 'expirationDate must be a day, as YYYY-MM-DD', {
      details: { field: 'expirationDate' },
    })
  return new Date(day + 86_400_000).toISOString()
}

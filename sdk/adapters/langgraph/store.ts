// The operations of LangGraph's store. Operations of one call take effect in their order, and one that fails stops no other:
// a graph gathers those of unrelated nodes into one call.

import type {
  GetOperation,
  InvalidNamespaceError,
  Item,
  ListNamespacesOperation,
  MatchCondition,
  Operation,
  OperationResults,
  PutOperation,
  SearchItem,
  SearchOperation,
} from '@langchain/langgraph-checkpoint'
import type { Filters, Memory } from '../../../index'
import { invalid } from '../../errors'
import type { MemoryStore } from '../store'
import { queryOf } from '../text'
import { exactly, userOf } from '../user'
import { filtersOf } from './filter'
import { Items, itemOf, matchOf, namespacesOf } from './items'
import { type Outcome, Puts, parts } from './puts'
import { type StoreStats, statsOf, sweep } from './upkeep'

/** Options of {@link OpenMemoryStore}. */
export interface OpenMemoryStoreOptions {
  /** Limits the store to this user: the `user_id` of its memories. Default: none. */
  userId?: string
  /**
   * Paths into a value whose texts a query is compared with, as in LangGraph's `index.fields`; `put` may name others.
   * Default `['$']`, the whole value as JSON.
   */
  fields?: readonly string[]
  /** Milliseconds after which an item is gone, counted from its last `put`. Default: never. */
  ttlMs?: number
  /** Whether reading an item, by `get` or `search`, begins its `ttlMs` again. Default false. */
  refreshOnRead?: boolean
  /** The least `score` of an item that a search with a query returns, 0 to 1. Default 0. */
  minScore?: number
}

/** The most memories of one list. */
const BATCH = 1000
/** The most distinct values that a store counts. */
const MAX_FACETS = 10_000

type Kind = 'get' | 'put' | 'search' | 'list'
export class Operations {
  readonly #om: MemoryStore
  readonly #items: Items
  readonly #userId: string | undefined
  /** Milliseconds by which reading an item prolongs its life. */
  readonly #refreshMs: number | undefined
  readonly #minScore: number
  readonly #puts: Puts

  /** @param invalidNamespace LangGraph's error, of the module system in use */
  constructor(om: MemoryStore, options: OpenMemoryStoreOptions, invalidNamespace: typeof InvalidNamespaceError) {
    this.#om = om
    this.#userId = userOf(options)
    this.#items = new Items(this.#userId, options.fields ?? ['$'], ttlOf(options))
    this.#minScore = minScoreOf(options)
    this.#refreshMs = options.refreshOnRead === true ? options.ttlMs : undefined
    this.#puts = new Puts(om, this.#items, invalidNamespace)
  }

  /** Throws the error of the first operation that failed, after all others have run. */
  async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const outcomes: Outcome[] = []
    for (let at = 0; at < operations.length; at = outcomes.length) {
      const kind = kindOf(operations[at] as Operation)
      let end = at + 1
      while (end < operations.length && kindOf(operations[end] as Operation) === kind) end++
      const some = operations.slice(at, end)
      outcomes.push(...(await this.#run(kind, some).catch((error): Outcome[] => some.map(() => ({ error })))))
    }
    const failed = outcomes.find((outcome) => 'error' in outcome)
    if (failed !== undefined) throw failed.error
    return outcomes.map((outcome) => ('value' in outcome ? outcome.value : undefined)) as OperationResults<Op>
  }

  getStats(): Promise<StoreStats> {
    return statsOf(this.#om, this.#own())
  }

  sweepExpiredItems(): Promise<number> {
    return sweep(this.#om, this.#own())
  }

  #run(kind: Kind, operations: Operation[]): Promise<Outcome[]> {
    switch (kind) {
      case 'get':
        return this.#getAll(operations as GetOperation[])
      case 'put':
        return this.#puts.put(operations as PutOperation[])
      case 'search':
        return each(operations as SearchOperation[], (operation) => this.#search(operation))
      case 'list':
        return each(operations as ListNamespacesOperation[], (operation) => this.#list(operation))
    }
  }

  async #getAll(operations: GetOperation[]): Promise<Outcome[]> {
    const ids = operations.map(({ namespace, key }) => this.#items.idOf(namespace, key))
    const found = new Map<string, Item>()
    for (const some of parts([...new Set(ids)], BATCH)) {
      const filters = { AND: [this.#own(), { memory_ids: some }] }
      for (const memory of (await this.#om.listMemories({ filters, limit: BATCH })).memories) {
        found.set(memory.id, itemOf(memory))
      }
    }
    await this.#refresh([...found.keys()])
    return ids.map((id) => ({ value: found.get(id) ?? null }))
  }

  async #refresh(ids: string[]): Promise<void> {
    if (this.#refreshMs === undefined) return
    const expires_at = new Date(Date.now() + this.#refreshMs)
    for (const some of parts(ids)) await this.#om.touchMemories(some, { expires_at })
  }

  async #search(operation: SearchOperation): Promise<SearchItem[]> {
    const { namespacePrefix, filter, limit = 10, offset = 0 } = operation
    if (limit <= 0) return []
    const filters: Filters = { AND: [this.#own(namespacePrefix), ...filtersOf(filter)] }
    const query = operation.query === undefined ? undefined : queryOf(operation.query)
    if (query === undefined) return this.#page(filters, offset, limit)
    const found = await this.#om.searchMemories(query, { filters, offset, limit, minScore: this.#minScore })
    await this.#refresh(found.map(({ id }) => id))
    return found.map(matchOf)
  }

  /** Oldest first, as LangGraph's own store answers without a query. */
  async #page(filters: Filters, offset: number, limit: number): Promise<SearchItem[]> {
    const found: Memory[] = []
    let left = offset + limit
    let cursor: string | undefined
    do {
      const page = await this.#om.listMemories({
        ...{ filters, order: 'created_at:asc', limit: Math.min(left, BATCH) },
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.memories)
      left -= page.memories.length
      cursor = page.next_cursor
    } while (cursor !== undefined && left > 0)
    const shown = found.slice(offset)
    await this.#refresh(shown.map(({ id }) => id))
    return shown.map(itemOf)
  }

  async #list({ matchConditions = [], maxDepth, limit, offset }: ListNamespacesOperation): Promise<string[][]> {
    const labels = matchConditions.find(({ matchType }) => matchType === 'prefix')?.path ?? []
    const wild = labels.indexOf('*')
    const prefix = labels.slice(0, wild === -1 ? undefined : wild)
    const all = await this.#namespaces(this.#own(prefix))
    const matching = all.filter((namespace) => matchConditions.every((condition) => matches(condition, namespace)))
    const cut = maxDepth === undefined ? matching : distinctOf(matching.map((labels) => labels.slice(0, maxDepth)))
    const sorted = cut.map((labels) => ({ labels, name: labels.join('\0') })).sort(byName)
    const shown = sorted.slice(offset ?? 0, limit === undefined ? undefined : (offset ?? 0) + limit)
    return shown.map(({ labels }) => labels)
  }

  async #namespaces(filters: Filters): Promise<string[][]> {
    const { values, distinct } = await this.#om.facets({ field: 'metadata.namespace', filters, limit: MAX_FACETS })
    if (distinct <= MAX_FACETS) return namespacesOf(values.map(({ value }) => value as string))
    const all: string[][] = []
    for await (const memory of this.#om.iterateMemories({ filters, limit: BATCH })) all.push(itemOf(memory).namespace)
    return distinctOf(all)
  }

  /** The items of this store below a prefix. */
  #own(prefix: readonly string[] = []): Filters {
    return exactly({ user_id: this.#userId, tags: this.#items.tagOf(prefix) })
  }
}

function ttlOf({ ttlMs }: OpenMemoryStoreOptions): number | undefined {
  if (ttlMs === undefined || (Number.isFinite(ttlMs) && ttlMs > 0)) return ttlMs
  throw invalid('ttlMs', 'must be a number of milliseconds above 0')
}

function minScoreOf({ minScore = 0 }: OpenMemoryStoreOptions): number {
  if (typeof minScore === 'number' && minScore >= 0 && minScore <= 1) return minScore
  throw invalid('minScore', 'must be a number from 0 to 1')
}

/** Kinds are told apart by their fields, as in LangGraph's own stores. */
function kindOf(operation: Operation): Kind {
  if ('namespacePrefix' in operation) return 'search'
  if ('value' in operation) return 'put'
  return 'key' in operation ? 'get' : 'list'
}

async function each<T>(operations: T[], work: (operation: T) => Promise<unknown>): Promise<Outcome[]> {
  const settled = await Promise.allSettled(operations.map(work))
  return settled.map((one) => (one.status === 'fulfilled' ? { value: one.value } : { error: one.reason }))
}

function matches({ matchType, path }: MatchCondition, namespace: string[]): boolean {
  if (path.length > namespace.length) return false
  const begin = matchType === 'prefix' ? 0 : namespace.length - path.length
  return path.every((label, at) => label === '*' || label === namespace[begin + at])
}

function distinctOf(namespaces: string[][]): string[][] {
  return [...new Map(namespaces.map((labels) => [JSON.stringify(labels), labels])).values()]
}

function byName({ name }: { name: string }, other: { name: string }): number {
  return name < other.name ? -1 : Number(name > other.name)
}

// Mastra's vectors as memories: each is a memory with a tag of its index. They are true no longer, so that only this adapter
// finds them; an index itself is such a memory, too.

import type {
  CreateIndexParams,
  DeleteVectorsParams,
  IndexStats,
  QueryResult,
  QueryVectorParams,
  UpdateVectorParams,
  UpsertVectorParams,
} from '@mastra/core/vector' with { 'resolution-mode': 'import' }
import type { Filters, ItemResult, Memory, NewMemory, Operation } from '../../../index'
import { failure, invalid } from '../../errors'
import { sha256 } from '../sha256'
import type { MemoryStore } from '../store'
import { contentOf, wellFormed } from '../text'
import { exactly } from '../user'
import { filtersOf } from './filter'

interface Index {
  name: string
  dimension: number
}

const PAST = '1970'
const INDEX_TAG = 'mastra:index'
/** Memories of a page and operations of a commit. */
const PAGE = 1000
/** A search ranks by more than the vector, so more is found than asked for, and ranked by the vector alone. */
const SPARE = 50

export class Vectors {
  readonly #om: MemoryStore

  constructor(om: MemoryStore) {
    this.#om = om
  }

  async createIndex({ indexName, dimension, metric = 'cosine' }: CreateIndexParams): Promise<void> {
    if (typeof indexName !== 'string' || indexName === '') throw invalid('indexName', 'must be a non-empty string')
    if (!Number.isInteger(dimension) || dimension < 1) throw invalid('dimension', 'must be a positive integer')
    if (metric !== 'cosine') throw invalid('metric', "must be 'cosine': a store compares vectors by their direction")
    const known = await this.#index(indexName)
    if (known !== undefined) {
      if (known.dimension === dimension) return
      throw invalid('dimension', `must be ${known.dimension}, as the index ${indexName} already has`)
    }
    // The store says so if its model has vectors of another length.
    await this.#om.searchMemories('', { vector: Array.from({ length: dimension }, () => 1), limit: 1 })
    const metadata = { index: indexName, dimension }
    await this.#add([{ ...hidden(indexId(indexName), [INDEX_TAG]), metadata }])
  }

  async listIndexes(): Promise<string[]> {
    return (await this.#all(exactly({ tags: INDEX_TAG }))).map(({ metadata }) => metadata.index as string)
  }

  async describeIndex(indexName: string): Promise<IndexStats> {
    const { dimension } = await this.#existing(indexName)
    const filters = own(indexName)
    const { values } = await this.#om.facets({ field: 'metadata.index', filters, showRetired: true, limit: 1 })
    return { dimension, count: values[0]?.count ?? 0, metric: 'cosine' }
  }

  async deleteIndex(indexName: string): Promise<void> {
    await this.#existing(indexName)
    await this.#om.deleteMemories({ filters: own(indexName) })
    await this.#om.deleteMemories([indexId(indexName)])
  }

  async upsert({
    indexName,
    vectors,
    metadata,
    ids,
    deleteFilter,
    sparseVectors,
  }: UpsertVectorParams): Promise<string[]> {
    const index = await this.#existing(indexName)
    if (!Array.isArray(vectors) || vectors.length === 0) throw invalid('vectors', 'must be a non-empty array')
    if (sparseVectors !== undefined) throw invalid('sparseVectors', 'is not supported: leave it out')
    for (const [field, given] of Object.entries({ metadata, ids })) {
      if (given !== undefined && given.length !== vectors.length) {
        throw invalid(field, `must be as long as vectors: ${vectors.length}`)
      }
    }
    for (const [at, vector] of vectors.entries()) checkVector(vector, index, `vectors[${at}]`)
    const names = ids ?? vectors.map(() => crypto.randomUUID())
    const memories = vectors.map((vector, at) => memoryOf(indexName, names[at] as string, vector, metadata?.[at] ?? {}))
    const replaced = deleteFilter ? await this.#all(own(indexName, filtersOf(deleteFilter))) : []
    const kept = new Set(memories.map(({ id }) => id))
    const removed = replaced.flatMap(({ id }) => (kept.has(id) ? [] : [{ delete: { id } }]))
    if (removed.length === 0) await this.#add(memories)
    else
      await this.#apply([
        ...removed,
        ...memories.map((memory) => ({ add: { ...memory, onConflict: 'replace' as const } })),
      ])
    return names
  }

  async query({
    indexName,
    queryVector,
    topK = 10,
    filter,
    includeVector,
    sparseVector,
  }: QueryVectorParams): Promise<QueryResult[]> {
    const index = await this.#existing(indexName)
    if (!Number.isInteger(topK) || topK < 1) throw invalid('topK', 'must be a positive integer')
    if (includeVector) throw invalid('includeVector', 'must be false: a store gives no vectors back')
    if (sparseVector !== undefined) throw invalid('sparseVector', 'is not supported: leave it out')
    const filters = own(indexName, filtersOf(filter))
    if (queryVector === undefined) {
      if (!filter) throw invalid('queryVector', 'or filter must be given')
      return (await this.#all(filters, topK)).map((memory) => resultOf(memory, 0))
    }
    checkVector(queryVector, index, 'queryVector')
    const found = []
    for (let offset = 0; found.length === offset && offset < topK + SPARE; offset += PAGE) {
      const limit = Math.min(topK + SPARE - offset, PAGE)
      found.push(
        ...(await this.#om.searchMemories('', { vector: queryVector, filters, limit, offset, showRetired: true })),
      )
    }
    const ranked = found.map((match) => resultOf(match, match.similarity ?? 0))
    return ranked.sort((one, other) => other.score - one.score).slice(0, topK)
  }

  async updateVector({ indexName, id, filter, update }: UpdateVectorParams): Promise<void> {
    if (id !== undefined && filter !== undefined) throw invalid('id', 'and filter are mutually exclusive')
    if (id === undefined && filter === undefined)
      throw invalid('id', 'is missing: Either id or filter must be provided')
    if (update?.vector === undefined && update?.metadata === undefined) {
      throw invalid('update', 'has nothing to change: No updates provided')
    }
    const index = await this.#existing(indexName)
    if (update.vector !== undefined) checkVector(update.vector, index, 'update.vector')
    const filters = id === undefined ? chosenBy(filter) : [{ memory_ids: [idOf(indexName, id)] }]
    const chosen = await this.#all(own(indexName, filters))
    const { vector, metadata } = update
    if (vector !== undefined) {
      const memories = chosen.map((memory) =>
        memoryOf(indexName, nameOf(memory), vector, metadata ?? (memory.metadata.values as object)),
      )
      await this.#add(memories)
      return
    }
    await this.#apply(
      chosen.map((memory) => ({ update: { id: memory.id, metadata: { values: jsonOf(metadata) as never } } })),
    )
  }

  async deleteVectors({ indexName, ids, filter }: DeleteVectorsParams): Promise<void> {
    if (ids !== undefined && filter !== undefined) throw invalid('ids', 'and filter are mutually exclusive')
    if (ids === undefined && filter === undefined)
      throw invalid('ids', 'is missing: Either filter or ids must be provided')
    await this.#existing(indexName)
    if (ids !== undefined) {
      if (ids.length === 0) throw invalid('ids', 'must not be empty: Cannot delete with empty ids array')
      for (const some of parts(ids.map((id) => idOf(indexName, id)))) await this.#om.deleteMemories(some)
      return
    }
    await this.#om.deleteMemories({ filters: own(indexName, chosenBy(filter)) })
  }

  async #index(name: string): Promise<Index | undefined> {
    const [memory] = await this.#all({ memory_ids: [indexId(name)] })
    return memory && { name, dimension: memory.metadata.dimension as number }
  }

  async #existing(name: string): Promise<Index> {
    const index = await this.#index(name)
    if (index !== undefined) return index
    throw failure('NOT_FOUND', `There is no index ${name}: call createIndex first`, { details: { field: 'indexName' } })
  }

  async #all(filters: Filters, limit = Number.POSITIVE_INFINITY): Promise<Memory[]> {
    const found: Memory[] = []
    let cursor: string | undefined
    do {
      const page = await this.#om.listMemories({
        ...{ filters, order: 'created_at:asc', showRetired: true, limit: Math.min(limit - found.length, PAGE) },
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.memories)
      cursor = page.next_cursor
    } while (cursor !== undefined && found.length < limit)
    return found
  }

  async #add(memories: NewMemory[]): Promise<void> {
    for (const some of parts(memories)) {
      check(await this.#om.addMemories(some, { atomic: true, onConflict: 'replace' }))
    }
  }

  async #apply(operations: Operation[]): Promise<void> {
    for (const some of parts(operations)) check(await this.#om.applyOperations(some))
  }
}

function check(results: ItemResult<unknown>[]): void {
  for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
}

/** A filter that changes or deletes what it selects must select something. */
function chosenBy(filter: unknown): Filters[] {
  const filters = filtersOf(filter)
  if (filters.length === 0) throw invalid('filter', 'must not be empty: an empty filter would mean all vectors')
  return filters
}

function own(indexName: string, filters: Filters[] = []): Filters {
  return { AND: [exactly({ tags: tagOf(indexName) }), ...filters] }
}

function hidden(id: string, tags: string[]) {
  return { id, content: null, valid_to: PAST, tags }
}

function indexId(indexName: string): string {
  return `mastra:index:${sha256(indexName)}`
}

function tagOf(indexName: string): string {
  return `mastra:vector:${sha256(indexName).slice(0, 32)}`
}

function idOf(indexName: string, id: string): string {
  return `mastra:vector:${sha256(JSON.stringify([indexName, id]))}`
}

/** Chunks of documents have their text in the metadata. */
function memoryOf(index: string, id: string, vector: number[], metadata: object): NewMemory & { id: string } {
  const values = jsonOf(metadata)
  const { text } = values as { text?: unknown }
  const content = (typeof text === 'string' ? contentOf(text) : undefined) ?? null
  return {
    ...hidden(idOf(index, id), [tagOf(index)]),
    content,
    vector,
    metadata: { index, id, values: values as never },
  }
}

function nameOf({ metadata }: Memory): string {
  return metadata.id as string
}

function resultOf(memory: Memory, score: number): QueryResult {
  return { id: nameOf(memory), score, metadata: memory.metadata.values as QueryResult['metadata'] }
}

function jsonOf(value: unknown): object {
  return JSON.parse(wellFormed(JSON.stringify(value)))
}

function checkVector(vector: unknown, { name, dimension }: Index, field: string): void {
  if (!Array.isArray(vector)) throw invalid(field, 'must be an array of numbers')
  if (vector.length !== dimension) {
    throw invalid(field, `has ${vector.length} numbers; the index ${name} has the dimension ${dimension}`)
  }
  if (!vector.every((one) => Number.isFinite(one))) throw invalid(field, 'must have finite numbers only')
}

function parts<T>(all: T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / PAGE) }, (_, at) => all.slice(at * PAGE, (at + 1) * PAGE))
}

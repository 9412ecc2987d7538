// As index.ts: an ES module has classes of Mastra of its own, and a storage must extend those.

import { InMemoryDB, InMemoryMemory, MastraCompositeStore, MemoryStorage } from '@mastra/core/storage'
import {
  type CreateIndexParams,
  type DeleteIndexParams,
  type DeleteVectorParams,
  type DeleteVectorsParams,
  type DescribeIndexParams,
  type IndexStats,
  MastraVector,
  type QueryResult,
  type QueryVectorParams,
  type UpdateVectorParams,
  type UpsertVectorParams,
} from '@mastra/core/vector'
import type { MemoryStore } from '../store.js'
import { callsOf } from './storage.js'
import { Vectors } from './vectors.js'

export type { MemoryStore } from '../store.js'

/** Options of {@link OpenMemoryStorage} and {@link OpenMemoryVector}. */
export interface MastraOptions {
  /** Names the storage in Mastra. Default `'openmemory'`. */
  id?: string
}

/**
 * Mastra's storage of threads, messages, resources and observational memory. What was said is found by words and meaning,
 * too: a message is a memory whose `user_id` is the resource and whose `run_id` is the thread.
 *
 * ```ts
 * const memory = new Memory({ storage: new OpenMemoryStorage(om) })
 * ```
 */
export class OpenMemoryStorage extends MastraCompositeStore {
  /**
   * @param om The store. It is not closed.
   * @param options `id`.
   */
  constructor(om: MemoryStore, { id = 'openmemory' }: MastraOptions = {}) {
    super({ id, name: 'OpenMemoryStorage' })
    this.stores = { memory: conversations(om) }
  }
}

/** The domain of Mastra's storage that this one has: its methods are assigned. */
function conversations(om: MemoryStore): MemoryStorage {
  const domain = new (MemoryStorage as unknown as new () => MemoryStorage)()
  const calls = callsOf(om, { db: InMemoryDB, memory: InMemoryMemory })
  return Object.assign(domain, calls, { supportsObservationalMemory: true, supportsPartialThreadUpdate: true })
}

/**
 * Mastra's vectors, for semantic recall and documents. An index has the dimension of the store's model.
 *
 * ```ts
 * const vector = new OpenMemoryVector(om)
 * ```
 */
export class OpenMemoryVector extends MastraVector {
  readonly #vectors: Vectors

  /**
   * @param om The store. It is not closed.
   * @param options `id`.
   */
  constructor(om: MemoryStore, { id = 'openmemory' }: MastraOptions = {}) {
    super({ id })
    this.#vectors = new Vectors(om)
  }
  /**
   * @throws {ValidationError} `INVALID_ARGUMENT` for a metric other than `cosine`, and for a dimension that the vectors of
   *   the store's model do not have.
   */
  createIndex(params: CreateIndexParams): Promise<void> {
    return this.#vectors.createIndex(params)
  }

  listIndexes(): Promise<string[]> {
    return this.#vectors.listIndexes()
  }

  /** @throws {NotFoundError} If there is no such index; so do the other methods. */
  describeIndex({ indexName }: DescribeIndexParams): Promise<IndexStats> {
    return this.#vectors.describeIndex(indexName)
  }

  /** Deletes the index and its vectors for good. */
  deleteIndex({ indexName }: DeleteIndexParams): Promise<void> {
    return this.#vectors.deleteIndex(indexName)
  }

  /**
   * Adds vectors or replaces those of the same ids.
   *
   * @returns the ids
   * @throws {ValidationError} `INVALID_ARGUMENT` for a vector of another length, and for `sparseVectors`.
   */
  upsert(params: UpsertVectorParams): Promise<string[]> {
    return this.#vectors.upsert(params)
  }

  /**
   * Finds the closest vectors; without `queryVector`, those that match the filter, with the score 0.
   *
   * @throws {ValidationError} `INVALID_ARGUMENT` for `includeVector`, and for `$regex`, `$elemMatch` and `$size`.
   */
  query(params: QueryVectorParams): Promise<QueryResult[]> {
    return this.#vectors.query(params)
  }

  /** Replaces the vector, the metadata or both, of one id or of all that match a filter. */
  updateVector(params: UpdateVectorParams): Promise<void> {
    return this.#vectors.updateVector(params)
  }

  deleteVector({ indexName, id }: DeleteVectorParams): Promise<void> {
    return this.#vectors.deleteVectors({ indexName, ids: [id] })
  }

  /** Deletes vectors for good, by their ids or by a filter. */
  deleteVectors(params: DeleteVectorsParams): Promise<void> {
    return this.#vectors.deleteVectors(params)
  }
}

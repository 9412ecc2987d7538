// LangGraph's `BaseStore` over memories.

import {
  BaseStore,
  InvalidNamespaceError,
  type Operation,
  type OperationResults,
} from '@langchain/langgraph-checkpoint'
import type { MemoryStore } from '../store'
import { type OpenMemoryStoreOptions, Operations } from './store'
import type { StoreStats } from './upkeep'

export type { MemoryStore } from '../store'
export type { OpenMemoryStoreOptions } from './store'
export type { StoreStats } from './upkeep'

/**
 * LangGraph's store, kept by OpenMemory: values are found by words and meaning, and every put is a version with a history.
 *
 * ```ts
 * const graph = builder.compile({ store: new OpenMemoryStore(om, { userId: 'ada' }) })
 * ```
 */
export class OpenMemoryStore extends BaseStore {
  readonly #operations: Operations

  /**
   * @param om The store. It is not closed by `stop()`.
   * @param options `userId`, `fields` and `ttlMs`.
   * @throws {ValidationError} `INVALID_ARGUMENT` for an option that is not valid.
   */
  constructor(om: MemoryStore, options: OpenMemoryStoreOptions = {}) {
    super()
    this.#operations = new Operations(om, options, InvalidNamespaceError)
  }

  /**
   * Runs operations in their order.
   *
   * @throws {ValidationError} The error of the first operation that failed, after all others have run.
   */
  batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    return this.#operations.batch(operations)
  }
  /**
   * Counts the items of this store, those of its `userId` if it has one.
   *
   * @returns How many there are, in how many namespaces, and since when.
   */
  getStats(): Promise<StoreStats> {
    return this.#operations.getStats()
  }

  /**
   * Deletes the items whose time is over. They are hidden before; sweeping frees their space.
   *
   * @returns How many were deleted.
   */
  sweepExpiredItems(): Promise<number> {
    return this.#operations.sweepExpiredItems()
  }
}

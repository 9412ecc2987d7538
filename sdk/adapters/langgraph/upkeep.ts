// What does a store of LangGraph hold in all, and what of it has expired? Under the names of LangGraph's store for PostgreSQL,
// so that a program can move here by one line.

import type { Filters } from '../../../index'
import type { MemoryStore } from '../store'

/** What {@link OpenMemoryStore.getStats} returns. */
export interface StoreStats {
  /** Items that have not expired. */
  totalItems: number
  /** Items that have expired and are not deleted yet. */
  expiredItems: number
  /** Namespaces of the items that have not expired. */
  namespaceCount: number
  /** When the oldest of those items was first put; null without items. */
  oldestItem: Date | null
  /** When the newest of those items was first put; null without items. */
  newestItem: Date | null
}

export async function statsOf(om: MemoryStore, filters: Filters): Promise<StoreStats> {
  const now = new Date()
  const [items, expired, oldestItem, newestItem] = await Promise.all([
    counted(om, filters),
    counted(om, { AND: [filters, { expires_at: { lt: now } }] }, true),
    firstPut(om, filters, 'created_at:asc'),
    firstPut(om, filters, 'created_at:desc'),
  ])
  return {
    ...{ totalItems: items.memories, expiredItems: expired.memories, namespaceCount: items.distinct },
    ...{ oldestItem, newestItem },
  }
}

/** How many items were deleted. */
export async function sweep(om: MemoryStore, filters: Filters): Promise<number> {
  const { deleted } = await om.deleteMemories({ filters: { AND: [filters, { expires_at: { lt: new Date() } }] } })
  return deleted
}

/** Every item has the tag of the empty prefix, which is counted as one value. */
async function counted(om: MemoryStore, filters: Filters, showExpired = false) {
  const [{ distinct }, { values }] = await Promise.all([
    om.facets({ field: 'metadata.namespace', filters, limit: 1, showExpired }),
    om.facets({ field: 'tags', filters, limit: 1, showExpired }),
  ])
  return { distinct, memories: values[0]?.count ?? 0 }
}

async function firstPut(om: MemoryStore, filters: Filters, order: 'created_at:asc' | 'created_at:desc') {
  const { memories } = await om.listMemories({ filters, order, limit: 1 })
  return memories[0] === undefined ? null : new Date(memories[0].created_at)
}

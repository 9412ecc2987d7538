// Which memories can a session access? All of the store, or those of the user that it is pinned to.

import type { DeleteSelection, DeleteSummary, Filters, LongCallOptions, NewMemory, OpenMemory } from '../../index'
import { failure, invalid } from '../errors'
import { describe } from '../validate/arguments'
import { isPlainObject } from '../validate/json'

/** What tools can do. They have no other access to a store, so a new tool cannot bypass the pin. */
export type Memories = Pick<
  OpenMemory,
  | 'addMemory'
  | 'addMemories'
  | 'searchMemories'
  | 'context'
  | 'listMemories'
  | 'getMemory'
  | 'getHistory'
  | 'updateMemory'
  | 'restoreMemory'
  | 'retireMemory'
  | 'reinforceMemory'
  | 'deleteMemory'
  | 'deleteMemories'
  | 'facets'
>

/** The memories of one user: filters are narrowed to them, and all other ids are not found. */
export function pinnedTo(userId: string, om: Memories): Memories {
  // A memory never changes its user, so the check still holds when the memory is changed.
  const check = async (id: string) => {
    const memory = await om.getMemory(id).catch((error) => {
      throw error.code === 'NOT_FOUND' ? notFound(id) : error
    })
    if (memory.user_id !== userId) throw notFound(id)
  }
  return {
    addMemory: async (memory: NewMemory, options) => om.addMemory({ ...memory, user_id: userId }, options),
    addMemories: async (memories: readonly NewMemory[], options) =>
      om.addMemories(
        memories.map((memory) => ({ ...memory, user_id: userId })),
        options,
      ),
    searchMemories: async (query, options) =>
      om.searchMemories(query, { ...options, filters: narrowed(options?.filters, userId) }),
    context: async (query, options) => om.context(query, { ...options, filters: narrowed(options?.filters, userId) }),
    listMemories: async (options) => om.listMemories({ ...options, filters: narrowed(options?.filters, userId) }),
    getMemory: (id, options) => check(id).then(() => om.getMemory(id, options)),
    getHistory: (id, options) => check(id).then(() => om.getHistory(id, options)),
    updateMemory: (id, patch, options) => check(id).then(() => om.updateMemory(id, patch, options)),
    restoreMemory: (id, version, options) => check(id).then(() => om.restoreMemory(id, version, options)),
    retireMemory: (id, options) => check(id).then(() => om.retireMemory(id, options)),
    reinforceMemory: (id, options) => check(id).then(() => om.reinforceMemory(id, options)),
    deleteMemory: (id, options) => check(id).then(() => om.deleteMemory(id, options)),
    deleteMemories: ((which, options) => deleteNarrowed(om, which, userId, options)) as Memories['deleteMemories'],
    facets: async (options) => om.facets({ ...options, filters: narrowed(options.filters, userId) }),
  }
}

async function deleteNarrowed(
  om: Memories,
  which: readonly string[] | DeleteSelection,
  userId: string,
  options: LongCallOptions | undefined,
): Promise<DeleteSummary> {
  // Ids would need a check each, and no tool deletes several.
  if (!('filters' in which)) throw invalid('ids', 'are not taken here')
  return om.deleteMemories({ filters: narrowed(which.filters, userId) }, options)
}

/** Appended to `AND`, so that errors name the caller's own paths. */
function narrowed(filters: Filters | undefined, userId: string): Filters {
  // In a list, because only there '*' is a user like any other.
  return withConditions(filters, [{ user_id: { in: [userId] } }])
}

/** Filters with further conditions, which come after those of `AND`. */
export function withConditions(filters: Filters | undefined, conditions: Filters[]): Filters {
  if (filters !== undefined && !isPlainObject(filters)) {
    throw invalid('filters', `must be an object, not ${describe(filters)}`)
  }
  const and = filters?.AND ?? []
  return { ...filters, AND: [...(Array.isArray(and) ? and : [and]), ...conditions] }
}

/** The same error whether the memory belongs to another user, was deleted, or never existed. */
function notFound(id: string) {
  return failure('NOT_FOUND', `there is no memory ${id}`, { details: { id } })
}

// Which memories can a session reach? All of the store, or those of the one user that it is pinned to.

import type { Filters, NewMemory } from '../../index'
import { failure, invalid } from '../errors'
import type { OpenMemory } from '../open-memory'
import { describe } from '../validate/arguments'
import { isPlainObject } from '../validate/json'

/** What tools can do. They see nothing else of a store, so a new one cannot get around the pin. */
export type Memories = Pick<
  OpenMemory,
  | 'addMemory'
  | 'searchMemories'
  | 'listMemories'
  | 'getMemory'
  | 'getHistory'
  | 'updateMemory'
  | 'restoreMemory'
  | 'reinforceMemory'
  | 'deleteMemory'
>

/** The memories of one user: filters are narrowed to them, and the ids of all others are not found. */
export function pinnedTo(userId: string, om: OpenMemory): Memories {
  // A memory keeps its user for good, so what is found here is still this user's when it is changed.
  const check = async (id: string) => {
    const memory = await om.getMemory(id).catch((error) => {
      throw error.code === 'NOT_FOUND' ? notFound(id) : error
    })
    if (memory.user_id !== userId) throw notFound(id)
  }
  return {
    addMemory: async (memory: NewMemory, options) => om.addMemory({ ...memory, user_id: userId }, options),
    searchMemories: async (query, options) =>
      om.searchMemories(query, { ...options, filters: narrowed(options?.filters, userId) }),
    listMemories: async (options) => om.listMemories({ ...options, filters: narrowed(options?.filters, userId) }),
    getMemory: (id, options) => check(id).then(() => om.getMemory(id, options)),
    getHistory: (id, options) => check(id).then(() => om.getHistory(id, options)),
    updateMemory: (id, patch, options) => check(id).then(() => om.updateMemory(id, patch, options)),
    restoreMemory: (id, version, options) => check(id).then(() => om.restoreMemory(id, version, options)),
    reinforceMemory: (id, options) => check(id).then(() => om.reinforceMemory(id, options)),
    deleteMemory: (id, options) => check(id).then(() => om.deleteMemory(id, options)),
  }
}

/** In `AND`, behind what is there, so that errors name the caller's own paths. */
function narrowed(filters: Filters | undefined, userId: string): Filters {
  if (filters !== undefined && !isPlainObject(filters)) {
    throw invalid('filters', `must be an object, not ${describe(filters)}`)
  }
  const and = filters?.AND ?? []
  // In a list, where a star is a name like any other.
  return { ...filters, AND: [...(Array.isArray(and) ? and : [and]), { user_id: { in: [userId] } }] }
}

/** The same whether the memory is another user's, was deleted, or never was. */
function notFound(id: string) {
  return failure('NOT_FOUND', `there is no memory ${id}`, { details: { id } })
}

// Whose memories does a call mean? Those of the `userId` option, unless the filters of the call mention a user.

import type { Filters } from '../index'
import { invalid } from './errors'
import { assertLossless, isPlainObject } from './validate/json'

export class Scope {
  readonly #userId: string | undefined

  constructor(userId: string | undefined) {
    this.#userId = userId
  }

  memory(memory: Record<string, unknown>): Record<string, unknown> {
    // Null counts as absent.
    if (this.#userId === undefined || (memory.user_id ?? undefined) !== undefined) return memory
    return { ...memory, user_id: this.#userId }
  }

  filters(filters: Filters | undefined): Filters | undefined {
    if (filters !== undefined) checkFilters(filters)
    if (this.#userId === undefined || (filters && mentionsUser(filters))) return filters
    // In a list, because only there '*' is a user like any other.
    return { ...filters, user_id: { in: [this.#userId] } }
  }
}

/** Whether the filters have no condition, so that every memory would match. */
export function isVacuous(filters: unknown): boolean {
  if (Array.isArray(filters)) return filters.every(isVacuous)
  if (!isPlainObject(filters)) return false
  return Object.entries(filters).every(
    ([key, value]) => value === undefined || (['AND', 'OR', 'NOT'].includes(key) && isVacuous(value)),
  )
}

/** @throws {ValidationError} also for an `undefined` field: a scope that was lost on the way must not mean all users. */
function checkFilters(filters: Filters): void {
  if (!isPlainObject(filters)) throw invalid('filters', 'must be a plain object')
  assertLossless(filters, 'filters', true)
  rejectUndefined(filters, 'filters')
}

function rejectUndefined(value: unknown, path: string): void {
  if (value === undefined) throw invalid(path, 'is undefined; leave the field out instead')
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) rejectUndefined(item, `${path}[${at}]`)
  } else if (isPlainObject(value)) {
    for (const [name, inner] of Object.entries(value)) rejectUndefined(inner, `${path}.${name}`)
  }
}

function mentionsUser(filters: unknown): boolean {
  if (Array.isArray(filters)) return filters.some(mentionsUser)
  if (!isPlainObject(filters)) return false
  return filters.user_id !== undefined || [filters.AND, filters.OR, filters.NOT].some(mentionsUser)
}

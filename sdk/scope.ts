// Whose memories does a call mean? The `userId` option is the default scope, unless the caller's own filters say one.

import type { Filters } from '../index'
import { invalid } from './errors'
import { assertLossless, isPlainObject } from './json'

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
    // In a list, where a star is a name like any other.
    return { ...filters, user_id: { in: [this.#userId] } }
  }
}

/** Whether the filters ask for nothing, so that every memory would fit. */
export function isVacuous(filters: unknown): boolean {
  if (Array.isArray(filters)) return filters.every(isVacuous)
  if (!isPlainObject(filters)) return false
  return Object.entries(filters).every(
    ([key, value]) => value === undefined || (['AND', 'OR', 'NOT'].includes(key) && isVacuous(value)),
  )
}

/** @throws {ValidationError} naming a field that is `undefined`, too: a scope that got lost never means everybody's. */
function checkFilters(filters: Filters): void {
  if (!isPlainObject(filters)) throw invalid('filters', 'must be a plain object')
  assertLossless(filters, 'filters', true)
  refuseUndefined(filters, 'filters')
}

function refuseUndefined(value: unknown, path: string): void {
  if (value === undefined) throw invalid(path, 'is undefined; leave the field out where it is not meant')
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) refuseUndefined(item, `${path}[${at}]`)
  } else if (isPlainObject(value)) {
    for (const [name, inner] of Object.entries(value)) refuseUndefined(inner, `${path}.${name}`)
  }
}

function mentionsUser(filters: unknown): boolean {
  if (Array.isArray(filters)) return filters.some(mentionsUser)
  if (!isPlainObject(filters)) return false
  return filters.user_id !== undefined || [filters.AND, filters.OR, filters.NOT].some(mentionsUser)
}

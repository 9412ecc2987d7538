// Whose memories does a call of Mem0 mean, and which? Names in camel case, a filter with conditions on metadata beside the scope.

import type { Filters, OpenMemoryError } from '../../index'
import { failure, invalid } from '../errors'
import { isPlainObject } from '../validate/json'

export interface Entity {
  userId?: string
  agentId?: string
  runId?: string
}

/** The scope, and conditions on fields of the metadata: values, operators, `AND`, `OR` and `NOT`. */
export interface SearchFilters {
  user_id?: string
  agent_id?: string
  run_id?: string
  // biome-ignore lint/suspicious/noExplicitAny: as Mem0 declares it
  [key: string]: any
}

/** Fields that say whose a memory is; in its metadata they would say something else. */
const IDENTITY: ReadonlySet<string> = new Set([
  'user_id',
  'agent_id',
  'run_id',
  'userId',
  'agentId',
  'runId',
  'actor_id',
])
const SCOPE = ['user_id', 'agent_id', 'run_id'] as const
/** Fields of a memory. All others are of its metadata. */
const FIELDS: ReadonlySet<string> = new Set([...SCOPE, 'created_at', 'updated_at'])

export interface Scope {
  user_id?: string
  agent_id?: string
  run_id?: string
}

/** The scope of an add or of a deletion. */
export function scopeOf({ userId, agentId, runId }: Entity, filters: SearchFilters = {}): Scope {
  const given = { user_id: ['userId', userId], agent_id: ['agentId', agentId], run_id: ['runId', runId] } as const
  const named = SCOPE.flatMap((name) => {
    const [option, value] = given[name]
    const id = value === undefined || value === null ? checkId(filters[name], name) : checkId(value, option)
    return id === undefined ? [] : [[name, id]]
  })
  return Object.fromEntries(named) as Scope
}

/** @throws {ValidationError} unless the filters name a user, an agent or a run */
export function filtersOf(given: SearchFilters = {}): Filters {
  if (!SCOPE.some((name) => given[name] !== undefined)) {
    throw invalid(
      'filters',
      "must contain at least one of: user_id, agent_id, run_id. Example: filters: { user_id: 'u1' }",
    )
  }
  return translated(given)
}

/** Memories of exactly this scope; other fields do not matter. */
export function exactly(scope: Scope): Filters {
  // In lists, because only there '*' is a value like any other.
  return Object.fromEntries(Object.entries(scope).map(([name, id]) => [name, { in: [id] }]))
}

function translated(given: SearchFilters): Filters {
  const conditions = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined) return []
    if (name === 'AND' || name === 'OR' || name === 'NOT') {
      const list = Array.isArray(value) ? value : [value]
      return [[name, list.map((part) => (isPlainObject(part) ? translated(part) : part))]]
    }
    if ((SCOPE as readonly string[]).includes(name)) {
      return [[name, typeof value === 'string' ? { in: [checkId(value, name)] } : value]]
    }
    return [[FIELDS.has(name) ? name : `metadata.${name}`, value]]
  })
  return Object.fromEntries(conditions) as Filters
}

function checkId(id: unknown, name: string): string | undefined {
  if (id === undefined || id === null) return undefined
  const trimmed = String(id).trim()
  if (trimmed === '') throw refused(name, 'cannot be empty or whitespace-only. Provide a valid identifier.')
  if (/\s/.test(trimmed)) throw refused(name, 'cannot contain whitespace. Provide a valid identifier without spaces.')
  return trimmed
}

/** As Mem0 says it: programs look for its words. */
export function refused(field: string, problem: string): OpenMemoryError {
  return failure('INVALID_ARGUMENT', `Invalid ${field}: ${problem}`, { details: { field } })
}

/** Metadata without the fields that only a scope may set. */
export function unscoped<T>(metadata: T): T {
  if (!isPlainObject(metadata)) return metadata
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !IDENTITY.has(name))) as T
}

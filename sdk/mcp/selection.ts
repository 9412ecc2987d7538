// Which memories does a model mean? Named arguments become conditions; `filters`, which can say everything, is accepted too.

import type { Filters } from '../../index'
import { renamed } from '../errors'
import type { Arguments, Schema } from './arguments'
import { withConditions } from './pinned'

const time = (which: string) => ({ type: 'string', description: `Only memories created ${which} this ISO 8601 time` })

export function selectionArguments(pinned: boolean): Record<string, Schema> {
  return {
    ...(!pinned && { user_id: { type: 'string', description: 'Only memories of this user' } }),
    run_id: { type: 'string', description: 'Only memories of this conversation' },
    tags: { type: 'array', items: { type: 'string' }, description: 'Only memories with all of these tags' },
    since: time('at or after'),
    until: time('before'),
  }
}

/** Runs a call with the conditions of its named arguments; errors name the argument. */
export async function selected<T>(args: Arguments, call: (options: Arguments) => Promise<T>): Promise<T> {
  const { user_id, run_id, tags, since, until, filters, ...options } = args
  // In lists, because only there '*' is a value like any other.
  const conditions: [name: string, field: string, filter: Filters][] = [
    ...(user_id === undefined ? [] : [named('user_id', 'user_id', { in: [user_id] })]),
    ...(run_id === undefined ? [] : [named('run_id', 'run_id', { in: [run_id] })]),
    ...(Array.isArray(tags) ? tags : tags === undefined ? [] : [tags]).map((tag) =>
      named('tags', 'tags', { in: [tag] }),
    ),
    ...(since === undefined ? [] : [named('since', 'created_at', { gte: since })]),
    ...(until === undefined ? [] : [named('until', 'created_at', { lt: until })]),
  ]
  if (conditions.length === 0) return call({ ...options, ...(filters !== undefined && { filters }) })
  const before = filters?.AND === undefined ? 0 : Array.isArray(filters.AND) ? filters.AND.length : 1
  const all = withConditions(
    filters,
    conditions.map(([, , filter]) => filter),
  )
  return call({ ...options, filters: all }).catch((error) => {
    throw conditions.reduce((error: unknown, [name, field], at) => argumentOf(error, before + at, field, name), error)
  })
}

function named(name: string, field: string, condition: object): [string, string, Filters] {
  return [name, field, { [field]: condition } as Filters]
}

function argumentOf(error: unknown, at: number, field: string, name: string): unknown {
  const path = `filters.AND[${at}].${field}`
  const given = (error as { details?: { field?: unknown } }).details?.field
  if (typeof given !== 'string' || !given.startsWith(path)) return error
  return renamed(error, given, name)
}

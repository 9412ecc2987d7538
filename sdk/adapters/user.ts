// Whose memories does an adapter work on?

import type { Filters } from '../../index'
import { invalid } from '../errors'

/** The user of an adapter's options; undefined if the whole store is meant. */
export function userOf(options: { userId?: string }): string | undefined {
  const { userId } = options
  // A user id that was lost on the way must not mean all users.
  if (Object.hasOwn(options, 'userId') && (typeof userId !== 'string' || userId === '')) {
    throw invalid('userId', 'must be a non-empty string; leave it out to mean the memories of all users')
  }
  return userId
}

/** A text that has to be given. */
export function required(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(field, 'must be a non-empty string')
  return value
}

/** Conditions on exactly these values. In lists, because only there '*' is a value like any other. */
export function exactly(scope: {
  user_id?: string | undefined
  app_id?: string | undefined
  run_id?: string | undefined
  tags?: string | undefined
}): Filters {
  const given = Object.entries(scope).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([field, value]) => [field, { in: [value] }]))
}

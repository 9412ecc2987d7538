// Do the arguments of a call have the right type? The engine judges values; what is rejected here would be lost or misread
// on the way to it.

import type { TouchOptions } from '../../index'
import { failure, invalid } from '../errors'
import { assertLossless, isDate, isPlainObject } from './json'

/** The id. A missing id never reaches the engine. */
export function checkId(id: unknown): string {
  if (id === undefined || id === null || id === '')
    throw failure('MISSING_ID', 'the id is missing', { details: { field: 'id' } })
  if (typeof id !== 'string') throw invalid('id', `must be a string, not ${describe(id)}`)
  assertLossless(id, 'id')
  return id
}

/** The options. Unknown ones and null are rejected: `ifVersion: null` must not mean "any version". */
export function checkOptions<T extends object>(options: T | undefined, known: readonly (keyof T & string)[]): T {
  if (options === undefined) return {} as T
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid('options', `must be an object, not ${describe(options)}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!(known as readonly string[]).includes(name)) throw invalid(name, 'is not an option of this call')
    if (value === null) throw invalid(name, 'must not be null')
  }
  return options
}

/** Rejects arguments after a method's own: a scope or a condition in the wrong place must not be ignored. */
export function rejectExtra(extra: readonly unknown[]): void {
  for (const argument of extra) {
    if (argument === undefined) continue
    const [name] = isPlainObject(argument) ? Object.keys(argument) : []
    if (name !== undefined) throw invalid(name, 'is not an option of this call: the method takes no such argument')
    throw invalid('arguments', `are too many: the method does not take ${describe(argument)}`)
  }
}

/** A memory or patch as the engine reads it: plain data, with times as text. */
export function checkRecord(record: unknown, name: string): Record<string, unknown> {
  if (!isPlainObject(record)) throw invalid(name, `must be a plain object, not ${describe(record)}`)
  const checked = { ...record }
  for (const field of ['expires_at', 'created_at', 'valid_from', 'valid_to']) {
    if (isDate(checked[field])) checked[field] = isoTime(checked[field], field)
  }
  if (checked.vector !== undefined) checked.vector = asVectors(checked.vector)
  assertLossless(checked, '')
  return checked
}

export function isoTime(time: string | Date, field: string): string {
  if (!isDate(time)) return time
  if (Number.isNaN(time.getTime())) throw invalid(field, 'is an invalid Date')
  return time.toISOString()
}

/** A vector as JSON has it. What is none is left to the engine to refuse. */
export function asNumbers(vector: unknown): unknown {
  return ArrayBuffer.isView(vector) && 'length' in vector ? Array.from(vector as Float32Array) : vector
}

/** One vector, or one for each text of a memory. */
function asVectors(vector: unknown): unknown {
  return Array.isArray(vector) ? vector.map(asNumbers) : asNumbers(vector)
}

/** The `expires_at` that a call sets; `null` clears it, and an absent one is more likely a mistake. */
export function checkExpiry(options: TouchOptions): string | null {
  if (!isPlainObject(options)) throw invalid('options', `must be an object, not ${describe(options)}`)
  const { expires_at, ...rest } = options as TouchOptions
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalid(unknown, 'is not an option of this call')
  if (expires_at === undefined) throw invalid('expires_at', 'is missing; pass a time, or null to clear it')
  if (expires_at === null) return null
  assertLossless({ expires_at }, '', true)
  return isoTime(expires_at, 'expires_at')
}

/** The items of a batch. An invalid item fails alone; none or too many fail the call. */
export function checkItems<T>(items: readonly T[], name: string): readonly T[] {
  if (!Array.isArray(items)) throw invalid(name, `must be an array, not ${describe(items)}`)
  if (items.length === 0) throw invalid(name, 'must have at least one item')
  if (items.length > 1000) throw invalid(name, `has ${items.length} items; the maximum is 1000`, 'LIMIT_EXCEEDED')
  return items
}

export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value).slice(0, 40)}`
}

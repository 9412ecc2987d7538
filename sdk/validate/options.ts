// Do option values have the right type? What they mean is decided where a store is opened.

import { invalid } from '../errors'
import { assertLossless } from './json'

const MAX_TIMEOUT_MS = 2 ** 31 - 1

export function checkTimeout(timeoutMs: unknown): void {
  if (timeoutMs === undefined || isInteger(timeoutMs, MAX_TIMEOUT_MS)) return
  throw invalid('timeoutMs', `must be an integer number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`)
}

export function text(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw invalid(field, 'must be a non-empty string')
  assertLossless(value, field)
  return value
}

export function required(value: unknown, field: string): string {
  const given = text(value, field)
  if (given === undefined) throw invalid(field, 'is missing')
  return given
}

/** A text that may be empty or absent. */
export function prefix(value: unknown, field: string): string {
  return value === undefined || value === '' ? '' : required(value, field)
}

export function isInteger(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max
}

/** An environment variable; an empty one counts as not set. */
export function environment(name: string): string | undefined {
  // Not every runtime has a process.
  return globalThis.process?.env?.[name] || undefined
}

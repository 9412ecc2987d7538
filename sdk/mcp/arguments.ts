// What did the model mean by its arguments? The store judges values; harmless mistakes of models are corrected here.

import { invalid, renamed } from '../errors'
import { describe } from '../validate/arguments'
import { isPlainObject } from '../validate/json'

export type Schema = Record<string, unknown>
// biome-ignore lint/suspicious/noExplicitAny: arguments are checked by the method that they go to
export type Arguments = any

/** Marks an argument that is described as text, because strict hosts know no objects of any shape, and is an object. */
export const JSON_TEXT = Symbol('JSON text')

export interface Accepted {
  properties: Record<string, Schema>
  required: string[]
  unlisted?: Record<string, Schema>
}

/** The names of options in a tool, if they differ from the SDK's. */
const SPELLING = { minScore: 'min_score', ifVersion: 'if_version' }

/**
 * The arguments, without null ones, and with the value of arguments that were sent as JSON text: `'5'` means 5. Rejects
 * arguments that the tool does not have.
 */
export function readArguments({ properties, required, unlisted }: Accepted, args: unknown): Arguments {
  const accepted = { ...properties, ...unlisted }
  if (!isPlainObject(args ?? {})) throw invalid('arguments', `must be an object, not ${describe(args)}`)
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(args ?? {})) {
    if (value === null) continue
    if (!Object.hasOwn(accepted, name)) {
      throw invalid(name, `is not an argument of this tool; it takes ${Object.keys(properties).join(', ')}`)
    }
    read[name] = parsed(value, JSON_TEXT in (accepted[name] ?? {}) ? 'object' : accepted[name]?.type)
  }
  for (const name of required) {
    // A missing id has a code of its own, which the store reports.
    if (name !== 'id' && !Object.hasOwn(read, name)) throw invalid(name, 'is missing')
  }
  return read
}

/** An error of a tool, with the argument's name in the tool. */
export function inToolSpelling(error: unknown): unknown {
  return Object.entries(SPELLING).reduce((named, [field, name]) => renamed(named, field, name), error)
}

function parsed(given: unknown, type: unknown): unknown {
  if (typeof given !== 'string' || type === 'string') return given
  try {
    const value: unknown = JSON.parse(given)
    return typeOf(value) === (type === 'integer' ? 'number' : type) ? value : given
  } catch {
    return given
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

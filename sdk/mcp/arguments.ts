// What did the model mean by its arguments? Values are the store's to judge; here is what models get wrong without harm.

import { invalid, renamed } from '../errors'
import { describe } from '../validate/arguments'
import { isPlainObject } from '../validate/json'

export type Schema = Record<string, unknown>
// biome-ignore lint/suspicious/noExplicitAny: arguments are checked by the method that they go to
export type Arguments = any

export interface Accepted {
  properties: Record<string, Schema>
  required: string[]
  unlisted?: Record<string, Schema>
}

/** How a tool spells what the SDK spells otherwise. */
const SPELLING = { minScore: 'min_score', ifVersion: 'if_version' }

/**
 * The arguments, without those that are null, and with the value of each that came as its JSON text: `'5'` for 5. Refuses
 * those that the tool does not have.
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
    read[name] = parsed(value, accepted[name]?.type)
  }
  for (const name of required) {
    // A missing id has a code of its own, which the store gives.
    if (name !== 'id' && !Object.hasOwn(read, name)) throw invalid(name, 'is missing')
  }
  return read
}

/** What a tool threw, with the argument named as the tool does. */
export function inToolSpelling(error: unknown): unknown {
  return Object.entries(SPELLING).reduce((named, [field, name]) => renamed(named, field, name), error)
}

function parsed(value: unknown, type: unknown): unknown {
  if (typeof value !== 'string' || type === 'string') return value
  try {
    const told: unknown = JSON.parse(value)
    return typeOf(told) === (type === 'integer' ? 'number' : type) ? told : value
  } catch {
    return value
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

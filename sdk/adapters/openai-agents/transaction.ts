// Which changes of a history does the runner make as one? Each has a name, under which it is made once.

import { ValidationError } from '../../errors'
import { base64 } from '../binary'
import type { ConversationItem as SessionItem } from '../conversation'
import { sha256 } from '../sha256'

/** A change that is made completely or not at all. */
export type HistoryTransaction =
  | { type: 'append_items'; items: SessionItem[] }
  | { type: 'replace_suffix'; expectedSuffix: SessionItem[]; replacement: SessionItem[] }

/** What `applyHistoryTransaction` is given. */
export interface HistoryTransactionArgs {
  /** Names the change. It stays the same when the change is repeated. */
  operationId: string
  transaction: HistoryTransaction
}

/** A change, with what identifies it. */
export interface CheckedTransaction {
  operationId: string
  digest: string
  /** The items that have to be the last ones, and go. */
  expected: SessionItem[]
  added: SessionItem[]
}

/** @throws {ValidationError} for what is no transaction, or what a store would not bring back as it is */
export function checkTransaction(args: HistoryTransactionArgs): CheckedTransaction {
  const { operationId, transaction } = read(args)
  if (typeof operationId !== 'string' || operationId.trim() === '') {
    throw refused('operationId', 'operationId must be a non-empty string')
  }
  if (typeof transaction !== 'object' || transaction === null) throw refused('transaction', 'must be an object')
  const fields = plainCopy(transaction) as Record<string, SessionItem[]>
  const { type, items, expectedSuffix, replacement, ...more } = fields
  const hasOnly = (...lists: unknown[]) =>
    Object.keys(fields).length === lists.length + 1 && Object.keys(more).length === 0 && lists.every(Array.isArray)
  const digest = sha256(canonical(fields))
  if ((type as unknown) === 'append_items') {
    if (!hasOnly(items)) throw refused('transaction', 'append transaction fields are invalid', '')
    return { operationId, digest, expected: [], added: items as SessionItem[] }
  }
  if ((type as unknown) !== 'replace_suffix') throw new ValidationError('INVALID_ARGUMENT', UNSUPPORTED)
  if (!hasOnly(expectedSuffix, replacement)) throw refused('transaction', 'suffix transaction fields are invalid', '')
  return { operationId, digest, expected: expectedSuffix as SessionItem[], added: replacement as SessionItem[] }
}

/** @throws {ValidationError} if the items differ from those that a transaction replaces */
export function checkSuffix(expected: SessionItem[], actual: SessionItem[]): void {
  if (canonical(expected) === canonical(actual)) return
  throw refused('transaction.expectedSuffix', 'suffix no longer matches the transaction precondition', '')
}

/** In the words of the framework's own session. Nothing of the items is in them, which may be secret. */
const UNSUPPORTED = 'Unsupported session history transaction type.'

function refused(field: string, problem: string, of = 'transaction '): ValidationError {
  return new ValidationError('INVALID_ARGUMENT', `Session history ${of}${problem}.`, { details: { field } })
}

/** Reads each field once: an accessor may answer differently the next time. */
function read(args: HistoryTransactionArgs): HistoryTransactionArgs {
  try {
    const { operationId, transaction } = args
    return { operationId, transaction }
  } catch {
    throw refused('transaction', 'arguments are invalid')
  }
}

function plainCopy(transaction: object): unknown {
  try {
    const copy = copied(transaction, []) as Record<string, unknown>
    // Refuses what only looks like data, such as a proxy.
    structuredClone(transaction)
    const items = Object.values(copy).filter(Array.isArray).flat()
    if (!items.every((item) => typeof item === 'object' && item !== null)) throw new TypeError()
    return copy
  } catch {
    throw refused('transaction', 'items contain invalid or unsupported data')
  }
}

/** A copy that a store brings back as it is; throws if there is none. */
function copied(value: unknown, ancestors: object[]): unknown {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (typeof value !== 'object' || ancestors.includes(value) || !isPlain(value)) throw new TypeError()
  const copy: Record<string, unknown> = {}
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (Array.isArray(value) && name === 'length') continue
    if (!descriptor.enumerable || !('value' in descriptor)) throw new TypeError()
    copy[name] = copied(descriptor.value, [...ancestors, value])
  }
  if (!Array.isArray(value)) return copy
  if (Object.keys(copy).length !== value.length) throw new TypeError()
  return Object.values(copy)
}

function isPlain(value: object): boolean {
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Equal for values that differ in the order of fields only. */
function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes(${base64(value)})`
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  fields.sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`
}

// Which kinds of options do commands have?

import type * as contract from '../../index'
import { type Flags, given, numeric, text, type Values } from './command'

export const STRING = { type: 'string' } as const
export const STRINGS = { type: 'string', multiple: true } as const
export const BOOLEAN = { type: 'boolean' } as const

export const FILTER: Flags = { filter: STRING }
export const FILTER_HELP = { filter: `only memories that match, as JSON: '{"user_id": "ada", "tags": "work"}'` }

export const EMBEDDER: Flags = { embedder: STRING }
export const EMBEDDER_HELP = { embedder: 'multilingual, for the model of @openmemory/model-multilingual' }

export const TIME: Flags = { at: STRING, 'as-of': STRING }
export const TIME_HELP = {
  at: 'what was true at this time, such as 2024-05',
  'as-of': 'what the store said at this time',
}

export function pointInTime(values: Values): contract.PointInTime {
  return given({ at: text(values, 'at'), asOf: text(values, 'as-of') })
}

export const VALID: Flags = { 'valid-from': STRING, 'valid-to': STRING }
export const VALID_HELP = {
  'valid-from': 'since when it is true, such as 2024, 2024-05 or 2024-05-17',
  'valid-to': 'until when it is true',
}

export const CHANGE: Flags = { 'if-version': STRING, actor: STRING, reason: STRING }
export const CHANGE_HELP = {
  'if-version': 'only if the memory is at this version',
  actor: 'who makes the change, for the history',
  reason: 'why, for the history',
}

export function changeOptions(values: Values): contract.UpdateOptions {
  return given({
    ifVersion: numeric(values, 'if-version'),
    actor: text(values, 'actor'),
    reason: text(values, 'reason'),
  })
}

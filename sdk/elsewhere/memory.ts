// What do other programs know of a memory? What an export of ours can hold, with all versions of its text.

import { isPlainObject } from '../validate/json'
import type { Row } from './records'

export interface ForeignVersion {
  content: string
  /** ISO 8601. */
  at: string
}

export interface ForeignMemory {
  id: string
  scope: { user_id?: string; agent_id?: string; app_id?: string; run_id?: string }
  created_at: string
  /** Oldest first. */
  versions: ForeignVersion[]
  tags: string[]
  metadata: Row
  expires_at?: string
  immutable?: boolean
  salience?: { value: number; at: string }
  /** The sectors of the text, strongest first. */
  sectors?: string[]
  /** Links to memories before it in the file. */
  waypoints?: { id: string; weight: number; created_at: string; updated_at: string }[]
}

/** A text that says something; undefined for all else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** ISO 8601 in UTC, of a text, of seconds or of milliseconds; undefined if it is none. */
export function timeOf(value: unknown): string | undefined {
  const numeric =
    typeof value === 'number' || (typeof value === 'string' && /^\d{9,}$/.test(value)) ? Number(value) : NaN
  // SQLite and PostgreSQL write a space for the T, and times without an offset are UTC.
  const written = typeof value === 'string' ? value.trim().replace(' ', 'T') : ''
  const text = /T[\d:.]+$/.test(written) ? `${written}Z` : written.replace(/(T.+[+-]\d\d)$/, '$1:00')
  const date = new Date(Number.isNaN(numeric) ? text : numeric < 1e11 ? numeric * 1000 : numeric)
  return Number.isNaN(date.getTime()) || (text === '' && Number.isNaN(numeric)) ? undefined : date.toISOString()
}

export function objectOf(value: unknown): Row {
  if (typeof value === 'string') {
    try {
      return objectOf(JSON.parse(value))
    } catch {
      return {}
    }
  }
  return isPlainObject(value) ? (value as Row) : {}
}

export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') {
    try {
      return textsOf(JSON.parse(value))
    } catch {
      return []
    }
  }
  return Array.isArray(value) ? value.filter((one): one is string => textOf(one) !== undefined) : []
}

export function without(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => !names.includes(name) && value != null))
}

export function scopeOf(row: Row): ForeignMemory['scope'] {
  const { user_id, agent_id, app_id, run_id } = row
  const given = {
    user_id: user_id ?? row.userId,
    agent_id: agent_id ?? row.agentId,
    app_id,
    run_id: run_id ?? row.runId,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => textOf(value) !== undefined))
}

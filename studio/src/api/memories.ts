// Which calls does the studio make? One function each, named as in the SDK.

import { ApiError, ask, linesOf, request } from './request'
import type { Facets, Filters, Json, Learning, Match, Memory, Page, Source, Stats, Version, Waypoint } from './types'

/** Who changes something here, in the history. */
const ACTOR = 'studio'

const at = (id: string) => `/memory/${encodeURIComponent(id).replace(/^all$/, '%61ll')}`

export interface ListOptions {
  filters?: Filters
  limit?: number
  cursor?: string
  order?: string
  asOf?: string
  showExpired?: boolean
  showRetired?: boolean
}

export const list = (options: ListOptions, signal?: AbortSignal) => ask<Page>('POST', '/memory/list', options, signal)

export interface SearchOptions {
  query: string
  limit: number
  filters?: Filters
  asOf?: string
}

export const search = (options: SearchOptions, signal?: AbortSignal) =>
  ask<{ matches: Match[] }>('POST', '/memory/search', { ...options, explain: true }, signal)

export const facets = (field: string, options: { filters?: Filters; limit?: number } = {}, signal?: AbortSignal) =>
  ask<Facets>('POST', '/memory/facets', { field, ...options }, signal)

export const get = (id: string, asOf?: string) =>
  ask<Memory>('GET', `${at(id)}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ''}`)

export const history = async (id: string) =>
  (await ask<{ versions: Version[] }>('GET', `${at(id)}/history?limit=1000`)).versions

export const waypoints = async (id: string) =>
  (await ask<{ waypoints: Waypoint[] }>('GET', `${at(id)}/waypoints`)).waypoints

export const sources = async (id: string) => (await ask<{ sources: Source[] }>('GET', `${at(id)}/sources`)).sources

export interface Patch {
  content?: string
  tags?: string[]
  metadata?: Record<string, Json>
}

export const update = (id: string, patch: Patch, ifVersion: number, reason?: string) =>
  ask<Memory>('PATCH', at(id), { ...patch, ifVersion, actor: ACTOR, ...(reason && { reason }) })

export const restore = (id: string, version: number, ifVersion?: number, reason?: string) =>
  ask<Memory>('POST', `${at(id)}/restore`, {
    version,
    actor: ACTOR,
    ...(ifVersion && { ifVersion }),
    ...(reason && { reason }),
  })

export const retire = (id: string, why: 'ended' | 'wrong', ifVersion: number) =>
  ask<Memory>('POST', `${at(id)}/retire`, { why, ifVersion, actor: ACTOR })

export const feedback = (id: string, value: string | null) =>
  ask<Memory>('POST', `${at(id)}/feedback`, { feedback: value })

export const reinforce = async (id: string) =>
  (await ask<{ memory: Memory }>('POST', '/memory/reinforce', { id })).memory

export const add = (memory: Record<string, Json>) => ask<Memory>('POST', '/memory/add', memory)

type Outcome = { ok: true; memory: Memory } | { ok: false; id?: string; error: { code: string; message: string } }

export const updateMany = async (items: ({ id: string; ifVersion: number } & Patch)[]) =>
  (await ask<{ results: Outcome[] }>('PATCH', '/memory/batch', { items, actor: ACTOR })).results

/** All or none. */
export async function operate(operations: Record<string, Json>[], reason?: string): Promise<void> {
  const body = { operations, actor: ACTOR, ...(reason && { reason }) }
  const { results } = await ask<{ results: Outcome[] }>('POST', '/memory/operations', body)
  const refused = results.find((result) => !result.ok && result.error.code !== 'ABORTED')
  if (refused && !refused.ok) throw new ApiError(409, refused.error.code, refused.error.message)
}

export const deleteMany = async (ids: string[]) =>
  (await ask<{ results: Outcome[] }>('POST', '/memory/delete', { ids })).results

export const stats = (signal?: AbortSignal) => ask<Stats>('GET', '/stats', undefined, signal)

export const learnings = async (status?: string) =>
  (await ask<{ learnings: Learning[] }>('GET', `/learnings?limit=50${status ? `&status=${status}` : ''}`)).learnings

export const decide = (id: string, body: { all?: string; decisions?: Record<string, string> }) =>
  ask<Learning>('POST', `/learnings/${encodeURIComponent(id)}/decide`, { ...body, actor: ACTOR })

export const undoLearning = (id: string) => ask<Learning>('POST', `/learnings/${encodeURIComponent(id)}/undo`, {})

/** The lines of an export, whole. */
export async function exported(filters: Filters, onBytes?: (bytes: number) => void, signal?: AbortSignal) {
  const body = Object.keys(filters).length > 0 ? { filters } : {}
  const response = await request('POST', '/export', { body, signal })
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    bytes += part.length
    onBytes?.(bytes)
  }
  return new Blob(parts, { type: 'application/jsonl' })
}

export interface Imported {
  imported: number
  replaced: number
  skipped: number
  failed: number
  errors: { line: number; id?: string; error: { message: string } }[]
}

export async function imported(
  lines: Blob,
  {
    onConflict = 'report',
    onProgress,
    signal,
  }: {
    onConflict?: 'report' | 'skip' | 'replace'
    onProgress?: (done: number, total: number) => void
    signal?: AbortSignal
  } = {},
): Promise<Imported> {
  const headers = { accept: 'application/jsonl' }
  const response = await request('POST', `/import?onConflict=${onConflict}`, { body: lines, headers, signal })
  let last: Imported | undefined
  for await (const text of linesOf(response)) {
    if (!text) continue
    const line = JSON.parse(text)
    if ('done' in line) onProgress?.(line.done, line.total)
    else if ('err' in line) throw new ApiError(400, line.code, line.message, line.field)
    else last = line
  }
  if (!last)
    throw new ApiError(0, 'OFFLINE', 'The import was cut off. Import the same file again: it goes on where it stopped.')
  return last
}

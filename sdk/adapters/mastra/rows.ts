// How is a row of Mastra a memory? Its id is a digest of its kind and key, and the row is in the metadata. A message is a
// memory of its user and thread, so that what was said can also be found by meaning; other rows are true no longer, so that
// lists and searches leave them out.

import type { StorageThreadType } from '@mastra/core/memory' with { 'resolution-mode': 'import' }
import type { StorageMessageType, StorageResourceType } from '@mastra/core/storage' with { 'resolution-mode': 'import' }
import type { Filters, Memory, NewMemory } from '../../../index'
import { sha256 } from '../sha256'
import { contentOf, wellFormed } from '../text'
import { exactly } from '../user'

export type Kind = 'thread' | 'message' | 'resource' | 'observations'

/** What Mastra remembers about a conversation, in one of its generations. */
export interface ObservationRow {
  id: string
  /** The list of generations that it belongs to, and its place there. */
  list: string
  place: number
  // biome-ignore lint/suspicious/noExplicitAny: Mastra's record, which is kept as it is
  record: any
}

export type Row = StorageThreadType | StorageMessageType | StorageResourceType | ObservationRow

/** Until when a row is true that is no message. */
const PAST = '1970'
/** The fields of rows that hold a time. */
const TIMES = new Set(['createdAt', 'updatedAt', 'lastObservedAt', 'lastBufferedAtTime'])

export function idOf(kind: Kind, key: string): string {
  return `mastra:${kind}:${sha256(key)}`
}

export function tagOf(kind: Kind): string {
  return `mastra:${kind}`
}

/** Rows of a kind, of a user or of threads. */
export function rowsOf(
  kind: Kind,
  { resourceId, threadIds }: { resourceId?: string; threadIds?: string[] } = {},
): Filters {
  const own = exactly({ tags: tagOf(kind), ...(resourceId && { user_id: resourceId }) })
  return threadIds === undefined ? own : { ...own, run_id: { in: threadIds } }
}

/** As JSON has it: without undefined fields, times as texts. Two rows are the same if their texts are. */
export function textOf(row: Row): string {
  return wellFormed(JSON.stringify(row))
}

export function memoryOf(kind: Kind, row: Row): NewMemory & { id: string; content: string | null } {
  const metadata = { row: JSON.parse(textOf(row)) }
  const id = idOf(kind, row.id)
  if (kind !== 'message') {
    const own = ownerOf(kind, row)
    const hidden = { id, content: null, valid_to: PAST, tags: [tagOf(kind)], metadata }
    return own ? { ...hidden, user_id: own } : hidden
  }
  const { thread_id, resourceId, content, createdAt } = row as StorageMessageType
  return {
    ...{ id, content: contentOf(saidIn(content)) ?? null, tags: [tagOf(kind)], metadata },
    created_at: new Date(createdAt),
    ...(thread_id && { run_id: thread_id }),
    ...(resourceId && { user_id: resourceId }),
  }
}

function ownerOf(kind: Exclude<Kind, 'message'>, row: Row): string {
  if (kind === 'resource') return row.id
  return kind === 'thread' ? (row as StorageThreadType).resourceId : (row as ObservationRow).record.resourceId
}

/** Whether a row can become the other one by a new version: whose it is, when it began and that it has a text are fixed. */
export function isVersionOf(before: NewMemory, after: NewMemory): boolean {
  const fixed = ({ user_id, run_id, created_at, content }: NewMemory) =>
    JSON.stringify([user_id, run_id, created_at, content === null])
  return fixed(before) === fixed(after)
}

export function rowOf({ metadata }: Memory): Row {
  return timesIn(metadata.row) as Row
}

function timesIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const record = value as Record<string, unknown>
  for (const [field, inner] of Object.entries(record)) {
    if (TIMES.has(field) && typeof inner === 'string') record[field] = new Date(inner)
    else if (field === 'record' || field === 'bufferedObservationChunks' || Array.isArray(value)) timesIn(inner)
  }
  return value
}

/** The text of a message, which Mastra keeps as JSON: of its parts, or else the whole. */
function saidIn(content: string): string {
  const parsed = parsedOf(content)
  if (typeof parsed === 'string') return parsed
  const { parts, content: whole } = (parsed ?? {}) as { parts?: unknown; content?: unknown }
  const texts = (Array.isArray(parts) ? parts : []).flatMap((part) =>
    part?.type === 'text' && typeof part.text === 'string' ? [part.text] : [],
  )
  return texts.join('\n').trim() !== '' ? texts.join('\n') : typeof whole === 'string' ? whole : ''
}

function parsedOf(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return content
  }
}

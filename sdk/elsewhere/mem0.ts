// What does Mem0 hold? Memories as its clients list them, points of its vector stores, and a history of texts in a database of
// its own.

import { type ForeignMemory, type ForeignVersion, objectOf, scopeOf, textOf, textsOf, timeOf, without } from './memory'
import type { Records, Row } from './records'

/** What is said otherwise, or of no use elsewhere. */
const OWN = [
  ...[
    'id',
    'memory',
    'data',
    'hash',
    'text_lemmatized',
    'score',
    'metadata',
    'payload',
    'vector',
    'categories',
    'event',
  ],
  ...['created_at', 'updated_at', 'createdAt', 'updatedAt', 'expiration_date', 'immutable', 'owner', 'organization'],
  ...['user_id', 'agent_id', 'app_id', 'run_id', 'session_id', 'userId', 'agentId', 'runId', 'structured_attributes'],
]

export function isMem0({ tables, rows }: Records): boolean {
  if (tables !== undefined)
    return ['vectors', 'history', 'memory_history'].some((name) => hasHistoryOrPayload(tables, name))
  return rows.some((row) => textOf(row.memory) !== undefined || textOf(objectOf(row.payload).data) !== undefined)
}

function hasHistoryOrPayload(tables: Map<string, Row[]>, name: string): boolean {
  const [row] = tables.get(name) ?? []
  return row !== undefined && ('payload' in row || 'memory_id' in row)
}

/** `history` is the file of Mem0's history, if the texts before are wanted. */
export function mem0Memories(records: Records, history: Records | undefined): ForeignMemory[] {
  const past = changesOf(history ?? records)
  const rows = records.tables?.get('vectors') ?? records.rows
  const memories = rows.flatMap((row) => memoryOf(row, past, records.writtenAt.toISOString()))
  if (rows.length > 0 || records.tables === undefined) return memories
  // The history alone knows the texts, and not whose they are.
  return [...past].flatMap(([id, versions]) => {
    const [first] = versions
    return first === undefined ? [] : [{ id, scope: {}, created_at: first.at, versions, tags: [], metadata: {} }]
  })
}

function memoryOf(row: Row, past: Map<string, ForeignVersion[]>, writtenAt: string): ForeignMemory[] {
  const payload = { ...row, ...objectOf(row.payload) }
  const content = textOf(payload.memory) ?? textOf(payload.data)
  const id = textOf(row.id) ?? (typeof row.id === 'number' ? String(row.id) : undefined)
  if (content === undefined || id === undefined) return []
  const created_at = timeOf(payload.created_at ?? payload.createdAt) ?? writtenAt
  const updated_at = timeOf(payload.updated_at ?? payload.updatedAt) ?? created_at
  const expires_at = endOf(payload.expiration_date)
  const before = past.get(id) ?? []
  const isNewest = before.at(-1)?.content === content
  const versions = isNewest ? before : [...before, { content, at: before.length > 0 ? updated_at : created_at }]
  return [
    {
      ...{ id, scope: scopeOf(payload), created_at, versions, tags: textsOf(payload.categories) },
      metadata: { ...without(payload, OWN), ...objectOf(payload.metadata) },
      ...(expires_at !== undefined && { expires_at }),
      ...(payload.immutable === true && { immutable: true }),
    },
  ]
}

/** A day counts to its end. */
function endOf(date: unknown): string | undefined {
  const at = timeOf(date)
  if (at === undefined || typeof date !== 'string' || date.length > 10) return at
  return new Date(Date.parse(at) + 86_400_000).toISOString()
}

/** The texts of each memory that was not deleted, oldest first. */
function changesOf({ tables, rows }: Records): Map<string, ForeignVersion[]> {
  const changes = tables === undefined ? rows : (tables.get('history') ?? tables.get('memory_history') ?? [])
  const past = new Map<string, ForeignVersion[]>()
  for (const row of changes) {
    const id = textOf(row.memory_id)
    if (id === undefined) continue
    const at = timeOf(row.updated_at) ?? timeOf(row.created_at)
    const content = textOf(row.new_memory) ?? textOf(row.new_value)
    if (row.event === 'DELETE' || row.action === 'DELETE') past.delete(id)
    else if (content !== undefined && at !== undefined) past.set(id, [...(past.get(id) ?? []), { content, at }])
  }
  return past
}

// How is a memory shown as Mem0 shows it?

import { createHash } from 'node:crypto'
import type { Memory, MemoryMatch } from '../../index'

export interface MemoryItem {
  id: string
  memory: string
  hash?: string
  createdAt?: string
  updatedAt?: string
  /** On the scale of a cosine, as thresholds for Mem0 are. */
  score?: number
  // biome-ignore lint/suspicious/noExplicitAny: as Mem0 declares it
  metadata?: Record<string, any>
  user_id?: string
  agent_id?: string
  run_id?: string
}

export interface SearchResult {
  results: MemoryItem[]
}

export interface AddResult extends SearchResult {
  /** Paths of messages and parts that are no text. Absent if there are none. */
  left_out?: string[]
}

export function itemOf({ id, content, created_at, updated_at, ...memory }: Memory | MemoryMatch): MemoryItem {
  const { user_id, agent_id, run_id, expires_at } = memory
  const metadata = { ...memory.metadata, ...(expires_at !== undefined && { expiration_date: dayBefore(expires_at) }) }
  return {
    ...{ id, memory: content, hash: createHash('md5').update(content).digest('hex') },
    ...{ createdAt: created_at, updatedAt: updated_at, metadata },
    ...('similarity' in memory && { score: Math.max(0, memory.similarity) }),
    ...(user_id !== undefined && { user_id }),
    ...(agent_id !== undefined && { agent_id }),
    ...(run_id !== undefined && { run_id }),
  }
}

/** The last day (YYYY-MM-DD) of a memory that expires then. */
function dayBefore(time: string): string {
  return new Date(Date.parse(time) - 1).toISOString().slice(0, 10)
}

// What does the server send? The records of the public API, as far as the studio shows them.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface Memory {
  id: string
  content: string
  tags: string[]
  metadata: Record<string, Json>
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
  created_at: string
  updated_at: string
  version: number
  sectors: string[]
  primary_sector: string
  salience: number
  immutable: boolean
  expires_at?: string
  valid_from?: string
  valid_to?: string
  retired?: string
  feedback?: string
  feedback_reason?: string
}

export interface Version {
  id: string
  version: number
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'RETIRE'
  actor?: string
  reason?: string
  restored_from?: number
  content: string
  tags: string[]
  metadata: Record<string, Json>
  updated_at: string
  changes: { field: string; from?: Json; to?: Json }[]
}

export interface Page {
  items: Memory[]
  next_cursor?: string
}

export interface Match extends Memory {
  score: number
  similarity: number
  path: string[]
  explain?: Record<string, { value: number; weight: number }>
}

export interface Waypoint {
  id: string
  weight: number
}

export interface Source {
  version: number
  message: string
  quote: string
}

export interface Change {
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'RETIRE' | 'DELETE'
  id: string
  version: number
  at: string
  memory?: Memory
  cursor: string
}

export interface Facets {
  values: { value: string | number | boolean; count: number }[]
  distinct: number
}

export interface Stats {
  memories: number
  bytes_on_disk: number
  live_bytes: number
  users: number
  vectors: number
  index_bytes: number
  repaired?: string
  checkpoint_problem?: string
}

export interface LearnedOperation {
  operation?: { op: string; id?: string; content?: string; why?: string; valid_to?: string; valid_from?: string }
  quotes: { message: string; text: string }[]
  reason: string
  before?: string
  state: 'applied' | 'waiting' | 'refused' | 'discarded' | 'undone'
  id?: string
  error?: { code: string; message: string }
}

export interface Learning {
  id: string
  status: 'done' | 'waiting' | 'nothing' | 'failed' | 'undone'
  operations: LearnedOperation[]
  model: string
  created_at: string
  user_id?: string
}

export type Filters = Record<string, Json>

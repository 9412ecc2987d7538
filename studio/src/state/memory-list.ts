// Which rows does the list have? Read page by page as it is scrolled, and changed as the store changes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { list } from '../api/memories'
import type { Change, Filters, Memory } from '../api/types'
import { onChanges, onReturn } from './live'
import { fail } from './notices'

/** The first page is small, so that it is soon there. */
const FIRST_PAGE = 60
const PAGE = 500
/** Rows that are read before they come into sight. */
const AHEAD = 400
/** Changes at once, from which on the list is read again. */
const MANY = 500
const EXCERPT = 300

/** What a row shows; not the whole memory, because there may be a hundred thousand. */
export type Row = Pick<Memory, 'id' | 'content' | 'tags' | 'user_id' | 'version' | 'primary_sector'> & {
  created_at: string
  updated_at: string
  immutable: boolean
  retired?: string
}

export interface MemoryList {
  rows: Row[]
  /** Whether more rows follow. */
  more: boolean
  state: 'loading' | 'ready' | 'failed'
  /** Rows that were put before the others since the last reading. */
  near(end: number): void
  reload(): void
}

export function toRow(memory: Memory): Row {
  const { id, content, tags, user_id, version, primary_sector, created_at, updated_at, immutable, retired } = memory
  const excerpt = content.length > EXCERPT ? content.slice(0, EXCERPT) : content
  return { id, content: excerpt, tags, user_id, version, primary_sector, created_at, updated_at, immutable, retired }
}

export function useMemoryList(filters: Filters, asOf: string | undefined, order: string, past: boolean): MemoryList {
  const wanted = JSON.stringify([filters, asOf, order, past])
  const [state, setState] = useState<MemoryList['state']>('loading')
  const [, redraw] = useState(0)
  const data = useRef({ rows: [] as Row[], cursor: undefined as string | undefined, reading: false, generation: 0 })

  const options = {
    ...(Object.keys(filters).length > 0 && { filters }),
    order,
    ...(past && { showExpired: true, showRetired: true }),
  }

  const read = useCallback(
    async (from: 'start' | 'next') => {
      const current = data.current
      if (from === 'start') current.generation += 1
      else if (current.reading || !current.cursor) return
      const { generation } = current
      current.reading = true
      try {
        const page = await list({
          ...options,
          ...(asOf && { asOf }),
          limit: from === 'start' ? FIRST_PAGE : PAGE,
          ...(from === 'next' && { cursor: current.cursor }),
        })
        if (generation !== current.generation) return
        const rows = page.items.map(toRow)
        if (from === 'start') current.rows = rows
        else for (const row of rows) current.rows.push(row)
        current.cursor = page.next_cursor
        setState('ready')
      } catch (error) {
        if (generation !== current.generation) return
        if (current.rows.length === 0) setState('failed')
        fail(error)
      } finally {
        if (generation === current.generation) current.reading = false
        redraw((count) => count + 1)
      }
    },
    [wanted],
  )

  useEffect(() => {
    data.current.rows = []
    data.current.cursor = undefined
    setState('loading')
    read('start')
  }, [read])

  useEffect(() => onReturn(() => read('start')), [read])

  useEffect(() => {
    if (asOf) return undefined
    const filtered = Object.keys(filters).length > 0
    return onChanges(async (changes) => {
      if (changes.length > MANY) return read('start')
      const { generation } = data.current
      const shown = await current(changes, filtered, options).catch(() => undefined)
      if (!shown || generation !== data.current.generation) return
      data.current.rows = changed(data.current.rows, changes, shown, order)
      redraw((count) => count + 1)
    })
  }, [read])

  const { rows, cursor } = data.current
  const near = (end: number) => {
    if (end + AHEAD > rows.length) read('next')
  }
  return { rows, more: cursor !== undefined, state, near, reload: () => read('start') }
}

/** The changed memories that belong into the list. */
async function current(changes: Change[], filtered: boolean, options: object): Promise<Map<string, Memory>> {
  const latest = new Map<string, Memory>()
  for (const { id, memory } of changes) {
    if (memory) latest.set(id, memory)
    else latest.delete(id)
  }
  const hidden = [...latest.values()].some(({ retired, expires_at, valid_to }) => retired || expires_at || valid_to)
  if (latest.size === 0 || (!filtered && !hidden)) return latest
  const { filters = {}, ...rest } = options as { filters?: Filters }
  const only = { AND: [filters, { memory_ids: [...latest.keys()] }].filter((part) => Object.keys(part).length > 0) }
  const page = await list({ ...rest, filters: only, limit: 1000 })
  return new Map(page.items.map((memory) => [memory.id, memory]))
}

function changed(rows: Row[], changes: Change[], shown: Map<string, Memory>, order: string): Row[] {
  const touched = new Set(changes.map(({ id }) => id))
  const seen = new Set<string>()
  const moves = order.startsWith('updated_at')
  const kept = rows.flatMap((row) => {
    if (!touched.has(row.id)) return [row]
    const memory = shown.get(row.id)
    if (!memory || moves) return []
    seen.add(row.id)
    return [toRow(memory)]
  })
  const added = [...shown.values()].filter(({ id }) => !seen.has(id)).map(toRow)
  if (added.length === 0) return kept
  const [field, direction] = order.split(':') as ['created_at' | 'updated_at', string]
  const before = (one: Row, other: Row) =>
    direction === 'desc' ? one[field] > other[field] : one[field] < other[field]
  for (const row of added.sort((one, other) => (before(one, other) ? 1 : -1))) {
    const at = kept.findIndex((other) => !before(other, row))
    if (at === -1) kept.push(row)
    else kept.splice(at, 0, row)
  }
  return kept
}

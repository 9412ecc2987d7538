// The list of memories, and the open one beside it.

import { useEffect, useRef, useState } from 'preact/hooks'
import { VirtualList } from '../components/virtual-list'
import { remove } from '../state/actions'
import { asOf, chips, filters } from '../state/filters'
import { useMemoryList } from '../state/memory-list'
import { fail } from '../state/notices'
import { go, href, route, setParams } from '../state/route'
import { AddDialog } from './add'
import { BatchBar } from './batch-bar'
import { ExportButton } from './export'
import { FilterBar } from './filter-bar'
import { DropImport, ImportButton } from './import'
import { MemoryRow, ROW_HEIGHT } from './memory-row'
import { MemoryView } from './memory-view'

const ORDERS = [
  ['created_at:desc', 'Newest first'],
  ['updated_at:desc', 'Changed last'],
  ['created_at:asc', 'Oldest first'],
] as const

const rowId = (at: number) => `row-${at}`

export function Memories() {
  const { id, params } = route.value
  const order = params.get('order') ?? 'created_at:desc'
  const past = params.has('past')
  const memories = useMemoryList(filters(), asOf(), order, past)
  const { rows, more, state } = memories
  const [active, setActive] = useState(0)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [adding, setAdding] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const from = useRef(0)
  const frozen = asOf() !== undefined

  useEffect(() => setActive((at) => Math.max(0, Math.min(at, rows.length - 1))), [rows.length])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog')
      if (typing || event.ctrlKey || event.metaKey || event.key !== 'n' || frozen) return
      event.preventDefault()
      setAdding(true)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [frozen])

  const toggle = (at: number, all: boolean) => {
    const next = new Set(selected)
    const start = all ? Math.min(from.current, at) : at
    const end = all ? Math.max(from.current, at) : at
    const row = rows[at]
    const on = all || (row !== undefined && !selected.has(row.id))
    for (const { id } of rows.slice(start, end + 1)) on ? next.add(id) : next.delete(id)
    from.current = at
    setSelected(next)
  }

  const removeSelected = () => {
    if (frozen || selected.size === 0) return
    remove([...selected].slice(0, 1000)).then(() => setSelected(new Set()), fail)
  }

  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 600) / ROW_HEIGHT) - 1)
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    }
    const to = moves[event.key]
    const row = rows[active]
    if (to !== undefined) {
      const next = Math.max(0, Math.min(to, rows.length - 1))
      setActive(next)
      if (event.shiftKey) toggle(next, true)
    } else if (event.key === 'Enter' && row) go('memories', row.id)
    else if (event.key === ' ' && row) toggle(active, event.shiftKey)
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) setSelected(new Set(rows.map(({ id }) => id)))
    else if (event.key === 'Escape' && selected.size > 0) setSelected(new Set())
    else if (event.key === 'Delete' && selected.size > 0) removeSelected()
    else return
    event.preventDefault()
  }

  return (
    <DropImport disabled={frozen}>
      <h1 class="unseen">Memories</h1>
      <div class={id ? 'memories open' : 'memories'}>
        <section class="list-side" aria-label="Memories">
          <div class="toolbar">
            <FilterBar />
            <div class="toolbar-end">
              <select
                aria-label="Order"
                value={order}
                onChange={(event) => {
                  const { value } = event.currentTarget
                  setParams((params) => params.set('order', value))
                }}
              >
                {ORDERS.map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
              <label class="check">
                <input
                  type="checkbox"
                  checked={past}
                  onChange={() => setParams((params) => (past ? params.delete('past') : params.set('past', '1')))}
                />
                ended too
              </label>
              <ExportButton />
              <ImportButton disabled={frozen} />
              <button type="button" class="main" disabled={frozen} onClick={() => setAdding(true)}>
                Add
              </button>
            </div>
          </div>
          {selected.size > 0 && (
            <BatchBar
              ids={[...selected]}
              frozen={frozen}
              onDelete={removeSelected}
              onDone={() => setSelected(new Set())}
            />
          )}
          {state === 'ready' && rows.length === 0 ? (
            <Empty onAdd={() => setAdding(true)} frozen={frozen} />
          ) : (
            <VirtualList
              box={box}
              count={rows.length}
              more={more}
              rowHeight={ROW_HEIGHT}
              label="Memories"
              active={active}
              rowId={rowId}
              onNear={memories.near}
              onKey={onKey}
              row={(at) => {
                const row = rows[at]
                return (
                  row && (
                    <MemoryRow
                      key={row.id}
                      row={row}
                      id={rowId(at)}
                      at={at}
                      active={at === active}
                      open={row.id === id}
                      selected={selected.has(row.id)}
                      time={order.startsWith('updated') ? row.updated_at : row.created_at}
                      onOpen={() => {
                        setActive(at)
                        go('memories', row.id)
                      }}
                      onToggle={(all) => {
                        setActive(at)
                        toggle(at, all)
                      }}
                    />
                  )
                )
              }}
            />
          )}
          <p class="list-foot" role="status">
            {state === 'loading' && 'Loading…'}
            {state === 'failed' && (
              <>
                The list could not be read.{' '}
                <button type="button" onClick={memories.reload}>
                  Try again
                </button>
              </>
            )}
            {state === 'ready' &&
              rows.length > 0 &&
              `${rows.length.toLocaleString()}${more ? ' loaded, more follow' : rows.length === 1 ? ' memory' : ' memories'}`}
          </p>
        </section>
        {id && (
          <section class="memory-side" aria-label="Memory">
            <a class="back" href={href('memories')}>
              <span aria-hidden="true">←</span> All memories
            </a>
            <MemoryView key={`${id} ${asOf()}`} id={id} />
          </section>
        )}
        {adding && <AddDialog onClose={() => setAdding(false)} />}
      </div>
    </DropImport>
  )
}

function Empty({ onAdd, frozen }: { onAdd(): void; frozen: boolean }) {
  if (chips().length > 0 || frozen) return <p class="empty">No memory matches. Remove a filter to see more.</p>
  return (
    <div class="empty">
      <h2>No memories yet</h2>
      <p>Add the first one, drop an export here, or let an agent write:</p>
      <pre>
        <code>npx openmemory add 'Ada drinks tea'</code>
      </pre>
      <button type="button" class="main" onClick={onAdd}>
        Add a memory
      </button>
    </div>
  )
}

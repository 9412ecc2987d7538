// What is around every view? Where to go, what time is looked at, and whether the server answers.

import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { learnings } from '../api/memories'
import { Notices } from '../components/notices'
import { asOf } from '../state/filters'
import { onChanges } from '../state/live'
import { undo, undos } from '../state/notices'
import { href, route, setParams } from '../state/route'
import { forgetKey, key, online } from '../state/session'
import { nextTheme, theme } from '../state/theme'
import { fullTime, shortTime } from '../text/time'

const VIEWS = [
  { view: 'memories', name: 'Memories', icon: '☰' },
  { view: 'search', name: 'Search', icon: '⌕' },
  { view: 'overview', name: 'Overview', icon: '◔' },
  { view: 'review', name: 'Review', icon: '✓' },
]

/** Proposals come without a change of a memory, so they are asked for. It also shows soon that a key was revoked. */
const ASK_MS = 30_000

function useWaiting(): number {
  const [count, setCount] = useState(0)
  useEffect(() => {
    const read = () => {
      if (document.hidden) return
      learnings('waiting').then(
        (waiting) => setCount(waiting.length),
        () => setCount(0),
      )
    }
    read()
    const timer = setInterval(read, ASK_MS)
    const leave = onChanges(read)
    return () => {
      clearInterval(timer)
      leave()
    }
  }, [])
  return count
}

export function Shell({ children, onHelp }: { children: ComponentChildren; onHelp(): void }) {
  const current = route.value.view
  const waiting = useWaiting()
  return (
    <div class={asOf() ? 'shell past' : 'shell'}>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <nav aria-label="Views">
          <span class="brand">
            <span aria-hidden="true" class="logo" />
            OpenMemory
          </span>
          {VIEWS.map(({ view, name, icon }) => (
            <a key={view} href={href(view)} aria-current={current === view ? 'page' : undefined}>
              <span aria-hidden="true">{icon}</span> {name}{' '}
              {view === 'review' && waiting > 0 && (
                <b class="count">
                  {waiting}
                  <i class="unseen"> waiting</i>
                </b>
              )}
            </a>
          ))}
          <a href="/docs" class="api">
            <span aria-hidden="true">{'{}'}</span> API
          </a>
        </nav>
        <div class="tools">
          <AsOf />
          <Undos />
          <button type="button" class="quiet" onClick={nextTheme} title="Theme: system, light or dark">
            <span class="wide-only">Theme: </span>
            {theme.value}
          </button>
          {key.value && (
            <button type="button" class="quiet" onClick={forgetKey} title="Forget the key of this tab">
              Forget key
            </button>
          )}
          <button type="button" class="quiet icon" aria-label="Keyboard shortcuts" onClick={onHelp}>
            ?
          </button>
        </div>
      </header>
      {!online.value && (
        <div class="banner bad" role="alert">
          The server does not answer. Start it again; this page goes on by itself then.
        </div>
      )}
      {asOf() && (
        <div class="banner" role="status">
          As of {fullTime(asOf() as string)}: everything is shown as the store said it then, and cannot be changed.{' '}
          <button type="button" onClick={() => setParams((params) => params.delete('asOf'))}>
            Back to now
          </button>
        </div>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Notices />
    </div>
  )
}

function skip(event: Event) {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function AsOf() {
  return (
    <label class="as-of">
      <span>As of</span>
      <input
        type="datetime-local"
        aria-label="As of"
        value={route.value.params.get('asOf') ?? ''}
        onChange={(event) => {
          const { value } = event.currentTarget
          setParams((params) => (value ? params.set('asOf', value) : params.delete('asOf')))
        }}
      />
    </label>
  )
}

/** Everything that was done in this tab and can be undone. */
function Undos() {
  const [open, setOpen] = useState(false)
  const all = undos.value
  if (all.length === 0) return null
  return (
    <div class="menu">
      <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        Undo ({all.length})
      </button>
      {open && (
        <ul>
          {all.map((entry) => (
            <li key={entry.id}>
              <span>
                {entry.label} <small>{shortTime(entry.at.toISOString())}</small>
              </span>
              <button
                type="button"
                onClick={() => {
                  setOpen(false)
                  undo(entry)
                }}
              >
                Undo
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

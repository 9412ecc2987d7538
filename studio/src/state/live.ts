// What changes while the page is open? One stream of changes for all views, which goes on where it was cut off. A hidden tab
// has none: browsers allow six connections to a server for all tabs together.

import { linesOf, request } from '../api/request'
import type { Change } from '../api/types'
import { askForKey, key, online, wanted } from './session'

const PAUSES_MS = [500, 1000, 2000, 4000, 8000]

const listeners = new Set<(changes: Change[]) => void>()
const returned = new Set<() => void>()

/** Called with the changes as they come, those of a moment together. */
export function onChanges(listener: (changes: Change[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Called when the server answers again. */
export function onReturn(listener: () => void): () => void {
  returned.add(listener)
  return () => returned.delete(listener)
}

let cursor: string | undefined
let connection: AbortController | undefined
let failures = 0
let timer: ReturnType<typeof setTimeout> | undefined
let waiting: Change[] = []

export function startLive(): void {
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : connect()))
  key.subscribe(() => {
    stop()
    cursor = undefined
    connect()
  })
}

function stop(): void {
  clearTimeout(timer)
  connection?.abort()
  connection = undefined
}

function connect(): void {
  if (document.hidden || connection || wanted.value !== 'no') return
  clearTimeout(timer)
  const own = new AbortController()
  connection = own
  follow(own.signal).then(
    () => again(own, false),
    () => again(own, true),
  )
}

function again(own: AbortController, failed: boolean): void {
  if (connection !== own) return
  connection = undefined
  if (wanted.value !== 'no') return
  if (failed) online.value = false
  timer = setTimeout(connect, PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)])
  failures += 1
}

async function follow(signal: AbortSignal): Promise<void> {
  const response = await request('POST', '/watch', { body: cursor ? { since: cursor } : {}, signal })
  failures = 0
  if (!online.value) {
    online.value = true
    for (const listener of returned) listener()
  }
  let event = { name: '', id: '', data: '' }
  for await (const line of linesOf(response)) {
    if (line === '') {
      take(event)
      event = { name: '', id: '', data: '' }
    }
    const [, field, value = ''] = /^(event|id|data): ?(.*)$/.exec(line) ?? []
    if (field === 'event') event.name = value
    if (field === 'id') event.id = value
    if (field === 'data') event.data += value
  }
}

function take({ name, id, data }: { name: string; id: string; data: string }): void {
  if (name === 'error') {
    const { code } = JSON.parse(data) as { code: string }
    if (code === 'UNAUTHORIZED') askForKey(true)
    return
  }
  if (id) cursor = id
  if (!data) return
  if (waiting.length === 0) setTimeout(deliver, 100)
  waiting.push(JSON.parse(data) as Change)
}

function deliver(): void {
  const changes = waiting
  waiting = []
  for (const listener of listeners) listener(changes)
}

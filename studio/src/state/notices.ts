// What happened, and what can be taken back? Notices go after a while; what can be undone stays as long as the page is open.

import { signal } from '@preact/signals'
import { explainError } from '../api/request'

export interface Undo {
  id: number
  label: string
  at: Date
  run(): Promise<void>
}

export interface Notice {
  id: number
  text: string
  bad: boolean
  undo?: Undo
}

const SHOWN_MS = 9000

export const notices = signal<Notice[]>([])
export const undos = signal<Undo[]>([])

let count = 0

export function notify(text: string, undo?: () => Promise<void>, bad = false): void {
  count += 1
  const id = count
  const taken = undo && { id, label: text, at: new Date(), run: undo }
  if (taken) undos.value = [taken, ...undos.value]
  notices.value = [...notices.value.slice(-3), { id, text, bad, ...(taken && { undo: taken }) }]
  setTimeout(() => dismiss(id), bad ? SHOWN_MS * 2 : SHOWN_MS)
}

export function fail(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return
  notify(explainError(error), undefined, true)
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}

const underWay = new Set<Promise<unknown>>()

/** A change is seen by its event before its answer is here: `undoLatest` waits for what this names. */
export async function tracked<T>(run: () => Promise<T>): Promise<T> {
  const work = run()
  underWay.add(work)
  try {
    return await work
  } finally {
    underWay.delete(work)
  }
}

/** Takes back what was done last, also if it is not answered yet. */
export async function undoLatest(): Promise<void> {
  await Promise.allSettled(underWay)
  const [latest] = undos.value
  if (latest) await undo(latest)
}

export async function undo(entry: Undo): Promise<void> {
  dismiss(entry.id)
  undos.value = undos.value.filter(({ id }) => id !== entry.id)
  try {
    await entry.run()
    notify(`Undone: ${entry.label}`)
  } catch (error) {
    undos.value = [entry, ...undos.value]
    fail(error)
  }
}

// How much of a memory does a model get to read? Answers have a budget, in which long contents are cut and say so.

import type { AddedMemory, Change, DeletedMemory, JsonValue, Memory, MemoryMatch, MemoryVersion } from '../../index'
import { invalid } from '../errors'

/**
 * What a tool answers. Most hosts show a model either the text or the data, never both. So the content is in both, and only
 * the data has the fields that a model rarely needs.
 */
export interface Answer {
  text: object
  data: object
}

/** How many characters of JSON the records of an answer have, at most. */
const BUDGET = 20_000
/** The answer to a change: the model knows what it has just written. */
const RECEIPT = 1000
/** A content is not cut below so many characters; rather, there are fewer records. */
const SHORTEST = 200
/** How many characters of a content `get_memory` gives at once. */
const WHOLE = 50_000

const MARK = /… \[\d+ more characters; get_memory gives the whole\]$/

/** As many of the first records as fit, all cut to the same length. */
export function fitting<T extends Memory | MemoryVersion>(records: readonly T[], budget = BUDGET): T[] {
  const cutTo = (most: number) => first.map((record) => cut(record, most))
  const fits = (cut: object[]) => JSON.stringify(cut).length <= budget
  // More cannot fit, whatever they hold.
  const first = records.slice(0, Math.ceil(budget / SHORTEST))
  let [most, tooMuch] = [SHORTEST, budget]
  while (tooMuch - most > SHORTEST / 2) {
    const middle = Math.floor((most + tooMuch) / 2)
    if (fits(cutTo(middle))) most = middle
    else tooMuch = middle
  }
  const shown = cutTo(most)
  while (shown.length > 1 && !fits(shown)) shown.pop()
  return shown
}

/** The answer to a change of a memory. */
export function receipt(memory: Memory): Answer {
  const [data] = fitting([memory], RECEIPT) as [Memory & Partial<AddedMemory & DeletedMemory>]
  const { version, expires_at, existed, deleted_at } = data
  return { text: { ...brief(data), version, expires_at, existed, deleted_at }, data }
}

/** The answer with one memory whole, or the part of it that begins at this character. */
export function whole(memory: Memory, offset: number): Answer {
  const length = characters(memory.content)
  if (!Number.isInteger(offset) || offset < 0 || offset >= length) {
    throw invalid('offset', `must be a whole number from 0 to ${length - 1}; the content has ${length} characters`)
  }
  const { content, next_offset } = part(memory.content, offset)
  const data = { ...memory, content }
  const { version, metadata, expires_at } = data
  return {
    text: { ...brief(data), version, ...(Object.keys(metadata).length > 0 && { metadata }), expires_at, next_offset },
    data: { ...data, next_offset },
  }
}

/** Refuses a content that was copied from a cut one: storing it would lose the rest. */
export function checkWhole(content: unknown): void {
  if (typeof content === 'string' && MARK.test(content)) {
    throw invalid('content', 'was copied from an answer that cut it; read the whole with get_memory first')
  }
}

/** What a model reads of a memory among others. */
export function brief({ id, content, created_at, updated_at, tags, ...rest }: Memory | MemoryMatch): object {
  return {
    ...{ id, content, created_at },
    ...(updated_at !== created_at && { updated_at }),
    ...(tags?.length > 0 && { tags }),
    ...('score' in rest && { score: Number(rest.score.toPrecision(2)) }),
  }
}

/** What a model reads of a version. */
export function briefVersion({
  version,
  event,
  updated_at,
  actor,
  reason,
  restored_from,
  ...rest
}: MemoryVersion): object {
  const changed = rest.changes?.map(({ field }) => field)
  return {
    ...{ version, event, updated_at, actor, reason, restored_from },
    ...(changed?.length > 0 && { changed }),
    content: rest.content,
  }
}

/** Long texts are cut. Lists and objects are left out whole, and named: half a list would look like the list. */
function cut<T extends Memory | MemoryVersion>(record: T, most: number): T {
  const shown: Partial<MemoryVersion & Memory> & { left_out?: string[] } = { ...record }
  for (const name of ['content', 'reason', 'feedback_reason'] as const) {
    if (shown[name] !== undefined) shown[name] = cutText(shown[name], most)
  }
  shown.changes &&= shown.changes.map((change) => cutChange(change, most / 4))
  const long = Math.max(most, 2 * SHORTEST)
  const left = (['tags', 'metadata', 'changes'] as const).filter(
    (name) => JSON.stringify(shown[name] ?? '').length > (name === 'changes' ? 3 * long : long),
  )
  for (const name of left) delete shown[name]
  if (left.length > 0) shown.left_out = left
  return shown as T
}

function cutChange({ field, ...values }: Change, most: number): Change {
  const shown: Change = { field }
  for (const [name, value] of Object.entries(values) as ['from' | 'to', JsonValue][]) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    shown[name] = text.length > most ? cutText(text, Math.floor(most)) : value
  }
  return shown
}

/** The part of a text that `get_memory` gives from there on, and where the next one begins, if there is one. */
function part(text: string, offset: number): { content: string; next_offset?: number } {
  const from = indexOf(text, offset)
  const to = from + indexOf(text.slice(from), WHOLE)
  return { content: text.slice(from, to), ...(to < text.length && { next_offset: offset + WHOLE }) }
}

function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const left = characters(text) - most
  if (left <= 0) return text
  return `${text.slice(0, indexOf(text, most))}… [${left} more characters; get_memory gives the whole]`
}

/** Code points, as everywhere. */
function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** Where the character at this place begins. */
function indexOf(text: string, place: number): number {
  let index = 0
  for (let n = 0; n < place && index < text.length; n++) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1
  return index
}

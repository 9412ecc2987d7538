// How much of a memory does a model read? Answers have a budget, and long contents are truncated and marked.

import type { AddedMemory, Change, DeletedMemory, JsonValue, Memory, MemoryMatch, MemoryVersion } from '../../index'
import { invalid } from '../errors'

/**
 * The answer of a tool. Most hosts show a model either the text or the data, never both. So both hold the content, and only
 * the data holds fields that a model rarely needs.
 */
export interface Answer {
  text: object
  data: object
}

/** Maximum characters of JSON for the records of an answer. */
const BUDGET = 20_000
/** For the answer to a change: the model knows what it has just written. */
const RECEIPT_BUDGET = 1000
/** Contents keep at least this many characters; instead, there are fewer records. */
const MIN_CONTENT = 200
/** Characters of a content that `get_memory` returns at once. */
const PART_SIZE = 50_000

const MARK = /… \[\d+ more characters; get_memory returns all of it\]$/

/** As many of the first records as fit, all truncated to the same length. */
export function fitting<T extends Memory | MemoryVersion>(records: readonly T[], budget = BUDGET): T[] {
  const cutTo = (most: number) => first.map((record) => cut(record, most))
  const fits = (cut: object[]) => JSON.stringify(cut).length <= budget
  // More records cannot fit, whatever they hold.
  const first = records.slice(0, Math.ceil(budget / MIN_CONTENT))
  let [most, tooMuch] = [MIN_CONTENT, budget]
  while (tooMuch - most > MIN_CONTENT / 2) {
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
  const [data] = fitting([memory], RECEIPT_BUDGET) as [Memory & Partial<AddedMemory & DeletedMemory>]
  const { version, expires_at, existed, deleted_at } = data
  return { text: { ...brief(data), version, expires_at, existed, deleted_at }, data }
}

/** The answer with one whole memory, or the part of its content that begins at this character. */
export function whole(memory: Memory, offset: number): Answer {
  const length = characters(memory.content)
  const last = Math.max(length - 1, 0)
  if (!Number.isInteger(offset) || offset < 0 || offset > last) {
    throw invalid('offset', `must be a whole number from 0 to ${last}; the content has ${length} characters`)
  }
  const { content, next_offset } = part(memory.content, offset)
  const data = { ...memory, content }
  const { version, metadata, expires_at } = data
  return {
    text: { ...brief(data), version, ...(Object.keys(metadata).length > 0 && { metadata }), expires_at, next_offset },
    data: { ...data, next_offset },
  }
}

/** Rejects a content that was copied from a truncated one: storing it would lose the rest. */
export function checkWhole(content: unknown): void {
  if (typeof content === 'string' && MARK.test(content)) {
    throw invalid('content', 'was copied from a truncated answer; read the whole content with get_memory first')
  }
}

/** What a model reads of a memory in a list. */
export function brief({ id, content, created_at, updated_at, tags, ...rest }: Memory | MemoryMatch): object {
  const { valid_from, valid_to, retired } = rest
  return {
    ...{ id, content, created_at },
    ...(updated_at !== created_at && { updated_at }),
    ...{ valid_from, valid_to, retired },
    ...(tags?.length > 0 && { tags }),
    ...('score' in rest && { score: Number(rest.score.toPrecision(2)), ...past(rest) }),
  }
}

/** What a hit says about the other versions of its memory. */
function past({ current, until, now, before }: Pick<MemoryMatch, 'current' | 'until' | 'now' | 'before'>): object {
  const earlier = before?.map(({ content, valid_from, until }) => ({ content, valid_from, until }))
  return { ...(current === false && { current, until, now }), ...(earlier?.length && { before: earlier }) }
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
    ...{ valid_from: rest.valid_from, valid_to: rest.valid_to, retired: rest.retired },
    content: rest.content,
  }
}

/** Long texts are truncated. Lists and objects are left out entirely and named, because half a list looks like a whole one. */
function cut<T extends Memory | MemoryVersion>(record: T, most: number): T {
  const shown: Partial<MemoryVersion & MemoryMatch> & { left_out?: string[] } = { ...record }
  for (const name of ['content', 'reason', 'feedback_reason'] as const) {
    if (shown[name] !== undefined) shown[name] = cutText(shown[name], most)
  }
  shown.changes &&= shown.changes.map((change) => cutChange(change, most / 4))
  shown.before &&= shown.before.map((earlier) => ({
    ...earlier,
    content: cutText(earlier.content, Math.floor(most / 4)),
  }))
  if (shown.now) shown.now = { ...shown.now, content: cutText(shown.now.content, Math.floor(most / 4)) }
  const long = Math.max(most, 2 * MIN_CONTENT)
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

/** The part of a text that `get_memory` returns from an offset, and the offset of the next part, if there is one. */
function part(text: string, offset: number): { content: string; next_offset?: number } {
  const from = indexOf(text, offset)
  const to = from + indexOf(text.slice(from), PART_SIZE)
  return { content: text.slice(from, to), ...(to < text.length && { next_offset: offset + PART_SIZE }) }
}

function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const left = characters(text) - most
  if (left <= 0) return text
  return `${text.slice(0, indexOf(text, most))}… [${left} more characters; get_memory returns all of it]`
}

/** Counted in code points, as everywhere. */
function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The index at which the character with this offset begins. */
function indexOf(text: string, offset: number): number {
  let index = 0
  for (let n = 0; n < offset && index < text.length; n++) index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1
  return index
}

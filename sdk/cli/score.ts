// How well does a language model learn? What it did with a conversation is compared with what it should have done.

import type { ProposedOperation } from '../../index'

/** An operation by what it does to which text. */
export interface Deed {
  op: string
  /** The text of the memory that it is about. */
  about: string | undefined
  text: string | undefined
}

export interface Score {
  /** Done as expected. */
  right: number
  /** Expected, and not done. */
  missed: number
  /** Of these: memories that should have changed or ended, and still say what they said. */
  stale: number
  /** Done, and not expected. */
  invented: number
}

/** From which share of common parts two texts count as the same: models choose other words. */
const SAME = 0.55

export function scoreOf(expected: readonly Deed[], done: readonly Deed[]): Score {
  const left = [...done]
  let right = 0
  const missed = expected.filter((deed) => {
    const at = left.findIndex((other) => fits(deed, other))
    if (at < 0) return true
    left.splice(at, 1)
    right += 1
    return false
  })
  const stale = missed.filter(({ op }) => op === 'update' || op === 'retire').length
  return { right, missed: missed.length, stale, invented: left.length }
}

/** What was applied of a learning; that a memory was confirmed changes nothing. */
export function deedOf(operation: ProposedOperation | undefined, before: string | undefined): Deed | undefined {
  if (operation === undefined || operation.op === 'keep') return undefined
  const text = 'content' in operation ? operation.content : undefined
  return { op: operation.op, about: before, text }
}

function fits(expected: Deed, done: Deed): boolean {
  if (expected.op !== done.op || expected.about !== done.about) return false
  if (expected.text === undefined || done.text === undefined) return expected.text === done.text
  return numbers(expected.text) === numbers(done.text) && likeness(expected.text, done.text) >= SAME
}

function numbers(text: string): string {
  return (text.match(/\d+/g) ?? []).sort().join()
}

/** The share of common pairs of characters (Sørensen and Dice), which needs no words and so no language. */
function likeness(a: string, b: string): number {
  const [first, second] = [pairs(a), pairs(b)]
  const common = [...first].filter((pair) => second.has(pair)).length
  return (2 * common) / Math.max(1, first.size + second.size)
}

function pairs(text: string): Set<string> {
  const characters = [...` ${plain(text)} `]
  return new Set(characters.slice(1).map((character, at) => `${characters[at]}${character}`))
}

/** Without what makes no difference: case, punctuation and the width of spaces. */
export function plain(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase()
  return lower.replace(/[\s\p{P}]+/gu, ' ').trim()
}

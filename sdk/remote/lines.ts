// What does a server tell while it works for long? Lines of JSON: how far it is, and the answer or a refusal at the end.

import type { Readable } from 'node:stream'
import type { EngineFailure } from '../answer'
import { linesOf } from '../lines'
import { ForeignAnswer } from './foreign'
import { Refused } from './refused'

/** Lines of JSON, asked for by this name and sent under it. */
export const JSON_LINES = 'application/jsonl'

type Line = { done: number; total: number } | (EngineFailure & { err: string }) | Record<string, unknown>

/** The lines of an answer, as they come; what is behind the last line break is cut off. */
export async function* textLines(answer: Readable): AsyncGenerator<string, void, undefined> {
  for await (const line of linesOf(answer)) yield line.toString()
}

/** Reports what is told on the way; the last line's text. */
export async function lastLine(answer: Readable, report?: (done: number, total: number) => void): Promise<string> {
  let last: string | undefined
  let [done, total] = [0, 0]
  for await (const line of textLines(answer)) {
    const told = parse(line)
    if ('err' in told) throw new Refused(told as EngineFailure)
    if ('done' in told) {
      ;({ done, total } = told as { done: number; total: number })
      report?.(done, total)
    } else {
      last = line
    }
  }
  // A server leaves out what it cannot tell in time, the end among it.
  if (last !== undefined && done < total) report?.(total, total)
  if (last === undefined) throw new Error('the answer was cut off')
  return last
}

function parse(line: string): Line {
  try {
    const told = JSON.parse(line) as unknown
    if (typeof told === 'object' && told !== null) return told as Line
  } catch {
    // Refused below, as any other line that is no object.
  }
  throw new ForeignAnswer('the answer does not come in lines of JSON objects')
}

// What does a server send during a long call? Lines of JSON: its progress, and finally the answer or a refusal.

import type { ErrorBody } from '../error-body'
import { linesOf } from '../lines'
import { ForeignResponse } from './foreign-response'
import { Refusal } from './refusal'
import type { ByteStream } from './sender'

/** The media type of lines of JSON, requested and sent. */
export const JSON_LINES = 'application/jsonl'

type Line = { done: number; total: number } | (ErrorBody & { err: string }) | Record<string, unknown>

/** The lines of a response, as they arrive. Text after the last line break is dropped. */
export async function* textLines(response: ByteStream): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for await (const line of linesOf(response)) yield decoder.decode(line)
}

/** Reports progress; returns the text of the last line. */
export async function lastLine(response: ByteStream, report?: (done: number, total: number) => void): Promise<string> {
  let last: string | undefined
  let [done, total] = [0, 0]
  for await (const line of textLines(response)) {
    const parsed = parse(line)
    if ('err' in parsed) throw new Refusal(parsed as ErrorBody)
    if ('done' in parsed) {
      ;({ done, total } = parsed as { done: number; total: number })
      report?.(done, total)
    } else {
      last = line
    }
  }
  // A server skips progress that it cannot send in time, including the last line of it.
  if (last !== undefined && done < total) report?.(total, total)
  if (last === undefined) throw new Error('the response was cut off')
  return last
}

function parse(line: string): Line {
  try {
    const value = JSON.parse(line) as unknown
    if (typeof value === 'object' && value !== null) return value as Line
  } catch {
    // Rejected below, like any line that is not an object.
  }
  throw new ForeignResponse('the response does not consist of lines of JSON objects')
}

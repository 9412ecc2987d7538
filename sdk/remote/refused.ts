// What did a server, or the way to it, refuse? Told as the engine tells it.

import type { EngineFailure } from '../answer'

export class Refused {
  readonly failure: EngineFailure

  constructor({ code, message, field, details, retryable }: EngineFailure) {
    this.failure = {
      ...{ code, message },
      ...(field !== undefined && { field }),
      ...(details !== undefined && { details }),
      ...(retryable !== undefined && { retryable }),
    }
  }
}

/** What the engine tells to be worth another try, beside what the facade knows by code. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'LOCKED',
  'IO',
  'EMBEDDING_FAILED',
  'RATE_LIMITED',
  'TIMEOUT',
  'UNAVAILABLE',
])

/** A refusal as the engine answers it. Anything else is thrown on. */
export function told(error: unknown): string {
  if (!(error instanceof Refused)) throw error
  const { failure } = error
  return JSON.stringify({ error: { retryable: RETRYABLE.has(failure.code), ...failure } })
}

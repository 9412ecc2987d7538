// When is a request retried? After transient failures, a few times, with exponential backoff.

import type { ErrorBody } from '../error-body'

export const MAX_ATTEMPTS = 4
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 10_000

/** Transient failures. A call that was ABORTED is not retried, and a server waits for a LOCKED directory itself. */
const TRANSIENT: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT', 'CLOSED'])

export function isTransient({ code, retryable }: ErrorBody): boolean {
  return TRANSIENT.has(code) && retryable !== false
}

/** Milliseconds before the next attempt, at least as long as the server asked for. */
export function pauseAfter(attempt: number, retryAfterMs: number | undefined): number {
  return Math.min(Math.max(jittered(FIRST_PAUSE_MS * 2 ** (attempt - 1)), retryAfterMs ?? 0), MAX_PAUSE_MS)
}

/** Jitter: half to all of the delay, so that clients of one server do not retry at the same moment. */
export function jittered(pauseMs: number): number {
  return pauseMs * (0.5 + Math.random() / 2)
}

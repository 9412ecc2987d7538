// When is a request repeated? After what can pass by itself, and as late as the server asks.

import { ModelFailure } from './model'

const FIRST_MS = 500
const MOST_MS = 30_000
/** A server that asks for a longer pause is not waited for. */
const LONGEST_MS = 60_000

/** A failure that another attempt may not have. */
export class Passing extends Error {
  constructor(
    readonly failure: ModelFailure,
    readonly retryAfterMs: number | undefined,
  ) {
    super(failure.message)
  }
}

export function isPassing(status: number): boolean {
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500
}

/** Seconds, or a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

export async function withRetries<T>(retries: number, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Passing)) throw error
      const backOff = Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** tried)
      const wait = error.retryAfterMs ?? backOff
      if (tried >= retries || wait > LONGEST_MS) throw error.failure
      await pause(wait, signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new ModelFailure('http', 'the call was given up', true))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

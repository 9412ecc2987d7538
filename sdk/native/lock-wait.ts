// How long does a call wait for a directory that another process has open? It is retried until it succeeds or its time is
// over. A wait is a timer, so it does not block the event loop.

import { setTimeout as wait } from 'node:timers/promises'
import type { ErrorBody } from '../error-body'
import { invalid } from '../errors'

type Ask = () => Promise<string>

const PAUSE_MS = 50
const MAX_WAIT_MS = 2 ** 31 - 1

export class LockWait {
  readonly #ms: number
  /** The next attempt, shared by all waiting calls, so that a thousand calls do not try the lock a thousand times. */
  #next: Promise<string> | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** The answer; `LOCKED` when the time is over. A call that is aborted is not retried. */
  pass(ask: Ask, signal?: AbortSignal): Promise<string> {
    return this.#ms === 0 ? ask() : this.#pass(ask, signal)
  }

  async #pass(ask: Ask, signal: AbortSignal | undefined): Promise<string> {
    const end = Date.now() + this.#ms
    let answer = await ask()
    while (isLocked(answer) && Date.now() < end && !signal?.aborted) {
      const mine = this.#next === undefined
      this.#next ??= this.#after(ask)
      const shared = await this.#next
      if (mine) answer = shared
      else if (!isLocked(shared)) answer = await ask()
    }
    return answer
  }

  async #after(ask: Ask): Promise<string> {
    await wait(PAUSE_MS)
    try {
      return await ask()
    } finally {
      this.#next = undefined
    }
  }
}

/** The option, checked. A wait is never longer than the call may take. */
export function lockWaitOf(lockWaitMs: unknown = 0, timeoutMs = MAX_WAIT_MS): LockWait {
  if (!Number.isInteger(lockWaitMs) || (lockWaitMs as number) < 0 || (lockWaitMs as number) > MAX_WAIT_MS) {
    throw invalid('lockWaitMs', `must be an integer number of milliseconds from 0 to ${MAX_WAIT_MS}`)
  }
  return new LockWait(Math.min(lockWaitMs as number, timeoutMs))
}

function isLocked(answer: string): boolean {
  if (!answer.startsWith('{"error"')) return false
  return (JSON.parse(answer) as { error: ErrorBody }).error.code === 'LOCKED'
}

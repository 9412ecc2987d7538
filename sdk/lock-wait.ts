// How long does a call wait for a directory that another process has open? It is asked again until it is let in, or
// until its time is over. A wait is a timer: the event loop goes on.

import { setTimeout as wait } from 'node:timers/promises'
import type { EngineFailure } from './answer'
import { invalid } from './errors'
import { isCancelled } from './long-call'
import type { NativeControl, NativeWatcher } from './native'

type Ask = () => Promise<string>

const PAUSE_MS = 50
const LONGEST = 2 ** 31 - 1
/** What a watcher says that has ended. */
const ENDED = JSON.stringify({ ok: { changes: [], ended: true } })

export class LockWait {
  readonly #ms: number
  /** The call that asks next, for all that wait: a thousand calls do not try a lock a thousand times. */
  #next: Promise<string> | undefined

  constructor(ms: number) {
    this.#ms = ms
  }

  /** The answer; `LOCKED` when the time is over. A call that is cancelled is asked no more. */
  pass(ask: Ask, control?: NativeControl): Promise<string> {
    return this.#ms === 0 ? ask() : this.#pass(ask, control)
  }

  async #pass(ask: Ask, control: NativeControl | undefined): Promise<string> {
    const end = Date.now() + this.#ms
    let answer = await ask()
    while (isLocked(answer) && Date.now() < end && !isCancelled(control)) {
      const mine = this.#next === undefined
      this.#next ??= this.#after(ask)
      const told = await this.#next
      if (mine) answer = told
      else if (!isLocked(told)) answer = await ask()
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

/** A watcher whose beginning waits. */
export class WaitingWatcher implements NativeWatcher {
  readonly #watcher: NativeWatcher
  readonly #lock: LockWait
  #ended = false

  constructor(watcher: NativeWatcher, lock: LockWait) {
    this.#watcher = watcher
    this.#lock = lock
  }

  take(): Promise<string> {
    return this.#lock.pass(async () => (this.#ended ? ENDED : this.#watcher.take()))
  }

  end(): void {
    this.#ended = true
    this.#watcher.end()
  }
}

/** The option, checked. A wait is never longer than the call may take. */
export function lockWaitOf(lockWaitMs: unknown = 0, timeoutMs = LONGEST): LockWait {
  if (!Number.isInteger(lockWaitMs) || (lockWaitMs as number) < 0 || (lockWaitMs as number) > LONGEST) {
    throw invalid('lockWaitMs', `must be a whole number of milliseconds from 0 to ${LONGEST}`)
  }
  return new LockWait(Math.min(lockWaitMs as number, timeoutMs))
}

function isLocked(answer: string): boolean {
  if (!answer.startsWith('{"error"')) return false
  return (JSON.parse(answer) as { error: EngineFailure }).error.code === 'LOCKED'
}

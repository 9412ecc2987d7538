// What does a host hear of a long call? Each second how far it is, so that it does not give up: what has been done of how much,
// where the store can tell, and otherwise how long it has taken.

import type { Exchange } from './rpc'

const PERIOD_MS = 1000
/** Progress has to increase with each message, also where nothing was done in between. */
const LEAST = 0.001

export class CallProgress {
  readonly #token: string | number | undefined
  readonly #notify: Exchange['notify']
  readonly #timer: NodeJS.Timeout | undefined
  #seconds = 0
  #told = 0
  #counts: { done: number; total: number } | undefined

  /** @param token undefined if the host has not asked for progress */
  constructor(token: unknown, notify: Exchange['notify']) {
    this.#token = typeof token === 'string' || typeof token === 'number' ? token : undefined
    this.#notify = notify
    if (this.#token !== undefined) this.#timer = setInterval(() => this.#tell(), PERIOD_MS)
  }

  readonly report = (done: number, total: number): void => {
    // Seconds that were told already are not counts.
    if (this.#counts !== undefined || this.#told === 0) this.#counts = { done, total }
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #tell(): void {
    this.#seconds += 1
    const message = `${this.#seconds} s`
    const { done = this.#seconds, total } = this.#counts ?? {}
    this.#told = Math.max(done, this.#told + LEAST)
    const counted = total === undefined ? { message } : { total, message: `${done} of ${total}, ${message}` }
    this.#notify('notifications/progress', { progressToken: this.#token, progress: this.#told, ...counted })
  }
}

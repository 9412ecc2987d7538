// How are a server's changes watched? Over a connection that stays open; lost, it is made again behind what was told.

import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { EngineFailure } from '../answer'
import type { NativeWatcher } from '../native'
import { events } from './events'
import { type Exchange, passes } from './exchange'
import { Refused, told } from './refused'

/** Changes, and characters of their texts, that wait to be taken; further ones wait at the server. */
const MOST = 256
const MOST_CHARACTERS = 4 << 20

const FIRST_PAUSE = 200
const LONGEST_PAUSE = 10_000
/** How long a lost connection is tried to be made again. */
const PATIENCE = 60_000

export class RemoteWatcher implements NativeWatcher {
  readonly #exchange: Exchange
  readonly #request: Record<string, unknown>
  readonly #wake: () => void
  readonly #patience: number
  readonly #abort = new AbortController()
  #begun: Promise<void> | undefined
  /** The text of changes that were not taken yet. */
  #changes: string[] = []
  #characters = 0
  #room = (): void => {}
  #failure: unknown
  #pause = FIRST_PAUSE

  constructor(exchange: Exchange, request: string, given: { wake: () => void; timeoutMs: number | undefined }) {
    this.#exchange = exchange
    this.#request = JSON.parse(request) as Record<string, unknown>
    this.#wake = given.wake
    this.#patience = given.timeoutMs ?? PATIENCE
  }

  async take(): Promise<string> {
    this.#begun ??= this.#begin()
    await this.#begun
    const changes = this.#changes
    if (changes.length === 0 && this.#failure !== undefined) return told(this.#failure)
    this.#changes = []
    this.#characters = 0
    this.#room()
    return `{"ok":{"ended":${this.#abort.signal.aborted},"changes":[${changes.join()}]}}`
  }

  end(): void {
    this.#abort.abort()
    this.#room()
  }

  async #begin(): Promise<void> {
    try {
      const answer = await this.#open(true)
      void this.#listen(answer).catch((error) => {
        this.#failure = error
        this.#wake()
      })
    } catch (error) {
      this.#failure = error
    }
  }

  async #open(first: boolean): Promise<Readable> {
    let answer: Readable | undefined
    const follow = (begun: Readable) => {
      answer = begun
    }
    const { signal } = this.#abort
    await this.#exchange.send({ method: 'POST', path: '/watch', body: this.#request, first, follow, signal })
    return answer as unknown as Readable
  }

  async #listen(begun: Readable): Promise<void> {
    for (let answer = begun; !this.#abort.signal.aborted; answer = await this.#openAgain()) {
      try {
        await this.#hear(answer)
      } catch (error) {
        if (error instanceof Refused) throw error
        // The connection is lost, which is no more than its end.
      }
    }
  }

  async #hear(answer: Readable): Promise<void> {
    for await (const { event, data, id } of events(answer)) {
      if (event === 'error') throw new Refused(JSON.parse(data as string) as EngineFailure)
      this.#pause = FIRST_PAUSE
      if (data !== undefined) {
        this.#changes.push(data)
        this.#characters += data.length
        this.#wake()
      }
      if (id !== undefined) this.#request.since = id
      while (this.#changes.length >= MOST || this.#characters > MOST_CHARACTERS) {
        if (this.#abort.signal.aborted) return
        await new Promise<void>((resolve) => {
          this.#room = resolve
        })
      }
    }
  }

  async #openAgain(): Promise<Readable> {
    const { signal } = this.#abort
    const until = Date.now() + this.#patience
    for (;;) {
      // Not all who lost one server come back to it at once.
      await wait(this.#pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
      try {
        return await this.#open(false)
      } catch (error) {
        const passing = error instanceof Refused && passes(error.failure)
        if (!passing || signal.aborted || Date.now() > until) throw error
      }
    }
  }
}

// How are a server's changes watched? Over a connection that stays open and, when lost, resumes after the last change.

import type { MemoryChange } from '../../index'
import type { ChangeSource } from '../backend'
import { type ErrorBody, errorOf } from '../error-body'
import { pause } from '../pause'
import { Refusal } from './refusal'
import { isTransient, jittered } from './retry'
import type { ByteStream, Sender } from './sender'
import { events } from './sse'

/** Changes, and characters of their text, that are buffered here; the server holds back further ones. */
const MAX_BUFFERED = 256
const MAX_BUFFERED_CHARACTERS = 4 << 20

const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 10_000
/** How long reconnecting is attempted if `timeoutMs` is not set. */
const RECONNECT_TIMEOUT_MS = 60_000

export class HttpWatcher<M extends object> implements ChangeSource<M> {
  readonly #transport: Sender
  readonly #request: Record<string, unknown>
  readonly #wake: () => void
  readonly #reconnectMs: number
  readonly #abort = new AbortController()
  #begun: Promise<void> | undefined
  /** The JSON of changes that have not been taken yet. */
  #changes: string[] = []
  #characters = 0
  #resume = (): void => {}
  #failure: unknown
  #pause = FIRST_PAUSE_MS

  constructor(
    transport: Sender,
    request: Record<string, unknown>,
    given: { wake: () => void; timeoutMs: number | undefined },
  ) {
    this.#transport = transport
    this.#request = request
    this.#wake = given.wake
    this.#reconnectMs = given.timeoutMs ?? RECONNECT_TIMEOUT_MS
  }

  async take(): Promise<{ changes: MemoryChange<M>[]; ended: boolean }> {
    this.#begun ??= this.#begin()
    await this.#begun
    const changes = this.#changes
    if (changes.length === 0 && this.#failure !== undefined)
      throw this.#failure instanceof Refusal ? errorOf(this.#failure.body) : this.#failure
    this.#changes = []
    this.#characters = 0
    this.#resume()
    return { changes: changes.map((text) => JSON.parse(text) as MemoryChange<M>), ended: this.#abort.signal.aborted }
  }

  end(): void {
    this.#abort.abort()
    this.#resume()
  }

  async #begin(): Promise<void> {
    try {
      const response = await this.#open(true)
      void this.#listen(response).catch((error) => {
        this.#failure = error
        this.#wake()
      })
    } catch (error) {
      this.#failure = error
    }
  }

  async #open(first: boolean): Promise<ByteStream> {
    let response: ByteStream | undefined
    const follow = (begun: ByteStream) => {
      response = begun
    }
    const { signal } = this.#abort
    const body = JSON.stringify(this.#request)
    await this.#transport.send({ method: 'POST', path: '/watch', body, first, follow, signal })
    return response as unknown as ByteStream
  }

  async #listen(begun: ByteStream): Promise<void> {
    for (let response = begun; !this.#abort.signal.aborted; response = await this.#reconnect()) {
      try {
        await this.#receive(response)
      } catch (error) {
        if (error instanceof Refusal) throw error
        // A lost connection is treated like its end.
      }
    }
  }

  async #receive(response: ByteStream): Promise<void> {
    for await (const { event, data, id } of events(response)) {
      if (event === 'error') throw new Refusal(JSON.parse(data as string) as ErrorBody)
      this.#pause = FIRST_PAUSE_MS
      if (data !== undefined) {
        this.#changes.push(data)
        this.#characters += data.length
        this.#wake()
      }
      if (id !== undefined) this.#request.since = id
      while (this.#changes.length >= MAX_BUFFERED || this.#characters > MAX_BUFFERED_CHARACTERS) {
        if (this.#abort.signal.aborted) return
        await new Promise<void>((resolve) => {
          this.#resume = resolve
        })
      }
    }
  }

  async #reconnect(): Promise<ByteStream> {
    const { signal } = this.#abort
    const until = Date.now() + this.#reconnectMs
    for (;;) {
      await pause(jittered(this.#pause), signal)
      this.#pause = Math.min(this.#pause * 2, MAX_PAUSE_MS)
      try {
        return await this.#open(false)
      } catch (error) {
        if (!(error instanceof Refusal && isTransient(error.body)) || signal.aborted) throw error
        // Also if only the last attempt took too long.
        if (Date.now() > until) throw new Refusal({ ...error.body, code: 'UNAVAILABLE' })
      }
    }
  }
}

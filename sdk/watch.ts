// How are changes iterated over? The backend returns what there is; if there is nothing, it calls `wake` at the next change.
// Nothing here keeps a process alive: without other work nothing can change either.

import type { MemoryChange, Metadata } from '../index'
import { onAbort } from './abort'
import type { ChangeSource } from './backend'
import { CallSite } from './call-site'

interface Opened<M extends object> {
  source: ChangeSource<M>
  signal: AbortSignal | undefined
}

type Batch<M extends object> = Awaited<ReturnType<ChangeSource<M>['take']>>

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

export class Watch<M extends object = Metadata> implements AsyncIterableIterator<MemoryChange<M>> {
  readonly #site: CallSite
  readonly #open: (wake: () => void) => Opened<M>
  readonly #ended: () => void
  #source: ChangeSource<M> | undefined
  /** Removes the listener of the signal. */
  #release = (): void => {}
  /** The take in progress. The first one starts immediately, so that no change is missed. */
  #taking: Promise<Batch<M>> | undefined
  #changes: MemoryChange<M>[] = []
  #finished = false
  /** Whether there have been changes since the last take. */
  #pending = false
  #wake = (): void => {}
  #previous: Promise<unknown> = Promise.resolve()

  /** @param ended is called when the iteration has ended */
  constructor(open: (wake: () => void) => Opened<M>, ended: () => void) {
    this.#site = new CallSite(2)
    this.#open = open
    this.#ended = ended
  }

  begin(): void {
    this.#taking = this.#first()
    // The first call of next() reports a failure.
    this.#taking.catch(() => {})
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Calls wait for each other, so that changes are emitted in order. */
  next(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    const next = this.#previous.then(() => this.#next())
    this.#previous = next.catch(() => {})
    return next
  }

  return(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    this.end()
    return Promise.resolve(DONE)
  }

  readonly end = (): void => {
    if (this.#finished) return
    this.#finished = true
    this.#changes = []
    this.#release()
    this.#source?.end()
    this.#wake()
    this.#ended()
  }

  async #next(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    try {
      while (!this.#finished) {
        const change = this.#changes.shift()
        if (change) return { done: false, value: change }
        await this.#more()
      }
      return DONE
    } catch (error) {
      // It may have failed because the iteration ended.
      if (this.#finished) return DONE
      this.end()
      throw this.#site.withCallerStack(error)
    }
  }

  async #more(): Promise<void> {
    const taking = this.#taking
    const { changes, ended } = await (taking ?? this.#take())
    this.#taking = undefined
    if (ended) this.end()
    if (this.#finished) return
    this.#changes = changes
    if (changes.length > 0 || this.#pending) return
    // It may be older than a change that is not told yet, and a process that only waits to be told may end before.
    if (taking !== undefined) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  async #first(): Promise<Batch<M>> {
    const { source, signal } = this.#open(this.#notify)
    this.#source = source
    if (signal?.aborted) return { changes: [], ended: true }
    this.#release = onAbort(signal, this.end)
    return this.#take()
  }

  readonly #notify = (): void => {
    this.#pending = true
    this.#wake()
  }

  #take(): Promise<Batch<M>> {
    this.#pending = false
    return (this.#source as ChangeSource<M>).take()
  }
}

// How are changes iterated over? The addon is asked for what there is; when there is nothing it calls, and is asked
// again. Nothing here keeps a process alive that has nothing else to do: then nothing can change either.

import type { MemoryChange, Metadata } from '../index'
import { onAbort } from './abort'
import { read } from './answer'
import { CallSite } from './call-site'
import type { NativeWatcher } from './native'

interface Begun {
  watcher: NativeWatcher
  signal: AbortSignal | undefined
}

interface Taken<M extends object> {
  changes: MemoryChange<M>[]
  ended: boolean
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

export class Watch<M extends object = Metadata> implements AsyncIterableIterator<MemoryChange<M>> {
  readonly #site: CallSite
  readonly #open: (wake: () => void) => Begun
  readonly #ended: () => void
  readonly #explain: (error: unknown) => unknown
  #watcher: NativeWatcher | undefined
  /** Takes back what listens to the signal. */
  #release = (): void => {}
  /** What is being taken; the first is asked for at once, so that no change is missed. */
  #taking: Promise<Taken<M>> | undefined
  #changes: MemoryChange<M>[] = []
  #over = false
  /** Whether there is more than was taken last. */
  #news = false
  #wake = (): void => {}
  #turn: Promise<unknown> = Promise.resolve()

  /**
   * @param ended is called when there is nothing more to end
   * @param explain gives an error as the user should hear it
   */
  constructor(open: (wake: () => void) => Begun, ended: () => void, explain: (error: unknown) => unknown) {
    this.#site = new CallSite(2)
    this.#open = open
    this.#ended = ended
    this.#explain = explain
  }

  begin(): void {
    this.#taking = this.#first()
    // Whoever asks for the first change hears of it.
    this.#taking.catch(() => {})
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Calls wait for each other, so that changes are told in order. */
  next(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    const next = this.#turn.then(() => this.#next())
    this.#turn = next.catch(() => {})
    return next
  }

  return(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    this.end()
    return Promise.resolve(DONE)
  }

  readonly end = (): void => {
    if (this.#over) return
    this.#over = true
    this.#changes = []
    this.#release()
    this.#watcher?.end()
    this.#wake()
    this.#ended()
  }

  async #next(): Promise<IteratorResult<MemoryChange<M>, undefined>> {
    try {
      while (!this.#over) {
        const change = this.#changes.shift()
        if (change) return { done: false, value: change }
        await this.#more()
      }
      return DONE
    } catch (error) {
      // The end may be what it failed by.
      if (this.#over) return DONE
      this.end()
      throw this.#site.claim(this.#explain(error))
    }
  }

  async #more(): Promise<void> {
    const { changes, ended } = await (this.#taking ?? this.#take())
    this.#taking = undefined
    if (ended) this.end()
    if (this.#over) return
    this.#changes = changes
    if (changes.length > 0 || this.#news) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  async #first(): Promise<Taken<M>> {
    const { watcher, signal } = this.#open(this.#rouse)
    this.#watcher = watcher
    if (signal?.aborted) return { changes: [], ended: true }
    this.#release = onAbort(signal, this.end)
    return this.#take()
  }

  readonly #rouse = (): void => {
    this.#news = true
    this.#wake()
  }

  #take(): Promise<Taken<M>> {
    this.#news = false
    return read<Taken<M>>((this.#watcher as NativeWatcher).take())
  }
}

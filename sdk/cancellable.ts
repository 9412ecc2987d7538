// How does a long call report its progress, and how is it ended early?

import type { ItemResult, LongCallOptions } from '../index'
import { onAbort } from './abort'
import type { CallControl } from './backend'
import { failure, invalid, OpenMemoryError } from './errors'
import { describe } from './validate/arguments'

/** Carries an error of the user's `onProgress`, with which the call rejects unchanged. */
export class ProgressFailure {
  constructor(readonly error: unknown) {}
}

/** Error codes of a call that was aborted, either running or waiting for the directory. */
const BY_SIGNAL: ReadonlySet<string> = new Set(['ABORTED', 'LOCKED'])

/** Rejects invalid options, and a signal that has already fired. */
export function checkLongCall({ onProgress, signal }: LongCallOptions): void {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid('onProgress', `must be a function, not ${describe(onProgress)}`)
  }
  checkSignal(signal)
  if (signal?.aborted) throw aborted(signal)
}

/** Runs a call that reports its progress to `onProgress` and stops when `signal` fires. */
export async function cancellable<T>(options: LongCallOptions, work: (control: CallControl) => Promise<T>): Promise<T> {
  checkLongCall(options)
  const { onProgress, signal } = options
  const progress = new Progress(onProgress)
  // A separate signal: it outlives neither the call nor the user's signal.
  const stop = new AbortController()
  const release = onAbort(signal, () => stop.abort())
  try {
    return await work({ signal: stop.signal, ...(onProgress && { onProgress: progress.report }) })
  } catch (error) {
    // A failure that the signal did not cause is rethrown unchanged.
    if (signal?.aborted && error instanceof OpenMemoryError && BY_SIGNAL.has(error.code)) throw aborted(signal)
    throw error
  } finally {
    release()
    await progress.settled()
  }
}

/** Makes a change as a batch of one, which can be ended before its commit. */
export function endable<T>(signal: AbortSignal, work: (control: CallControl) => Promise<ItemResult<T>[]>): Promise<T> {
  return cancellable({ signal }, async (control) => {
    const [result] = (await work(control)) as [ItemResult<T>]
    if (!result.ok) throw result.error
    return result.memory
  })
}

/** The answer of a read, which nobody waits for any longer when the signal fires; what reads is told to stop. */
export function unlessAborted<T>(
  reading: Promise<T>,
  signal: AbortSignal | undefined,
  stop: AbortController,
): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    onAbort(signal, () => {
      stop.abort()
      reject(failure('ABORTED', 'the call was aborted'))
    })
  })
  return Promise.race([reading, aborted])
}

class Progress {
  readonly #callback: LongCallOptions['onProgress']
  /** Promises of an asynchronous callback that have not settled. */
  readonly #pending = new Set<Promise<void>>()
  #failed: ProgressFailure | undefined

  constructor(callback: LongCallOptions['onProgress']) {
    this.#callback = callback
  }

  // An error thrown into the addon would end the process, so it is kept until the call settles.
  readonly report = (done: number, total: number): void => {
    if (this.#failed) return
    try {
      const answer: unknown = this.#callback?.(done, total)
      if (answer !== undefined) this.#follow(answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Waits for the callback's promises; throws its error. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
    if (this.#failed) throw this.#failed
  }

  #follow(answer: unknown): void {
    const pending: Promise<void> = Promise.resolve(answer).then(
      () => {},
      (error) => this.#fail(error),
    )
    this.#pending.add(pending)
    void pending.then(() => this.#pending.delete(pending))
  }

  #fail(error: unknown): void {
    this.#failed ??= new ProgressFailure(error)
  }
}

function aborted(signal: AbortSignal): OpenMemoryError {
  return failure('ABORTED', 'the call was aborted by its signal', { cause: signal.reason })
}

export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || isSignal(signal)) return signal
  throw invalid('signal', `must be an AbortSignal, not ${describe(signal)}`)
}

// By shape: a signal may come from another realm or a polyfill.
function isSignal(signal: unknown): signal is AbortSignal {
  const { aborted, addEventListener } = signal as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

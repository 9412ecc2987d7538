// How does a long call tell its progress, and how is it ended early?

import type { LongCallOptions } from '../index'
import { onAbort } from './abort'
import { describe } from './arguments'
import { failure, invalid, OpenMemoryError } from './errors'
import type { NativeControl } from './native'

/** Makes the object by which a call reports and is ended. */
export type MakeControl = (report?: (done: number, total: number) => void) => NativeControl

/** An error of the user's own `onProgress`, which the call rejects with as it is. */
export class ProgressFailure {
  constructor(readonly error: unknown) {}
}

/** How a call ends that its signal ends: while it works, or while it waits for the directory. */
const BY_SIGNAL: ReadonlySet<string> = new Set(['ABORTED', 'LOCKED'])

const cancelled = new WeakSet<NativeControl>()

/** Whether the signal of this control's call was aborted. */
export function isCancelled(control: NativeControl | undefined): boolean {
  return control !== undefined && cancelled.has(control)
}

/** Refuses what are no such options, and a signal that was aborted already. */
export function checkLong({ onProgress, signal }: LongCallOptions): void {
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid('onProgress', `must be a function, not ${describe(onProgress)}`)
  }
  checkSignal(signal)
  if (signal?.aborted) throw aborted(signal)
}

export async function longCall<T>(
  options: LongCallOptions,
  makeControl: MakeControl,
  work: (control: NativeControl) => Promise<T>,
): Promise<T> {
  checkLong(options)
  const { onProgress, signal } = options
  const progress = new Progress(onProgress)
  const control = makeControl(onProgress && progress.report)
  const release = onAbort(signal, () => {
    cancelled.add(control)
    control.cancel()
  })
  try {
    return await work(control)
  } catch (error) {
    // A failure that has nothing to do with the signal stays itself.
    if (signal?.aborted && error instanceof OpenMemoryError && BY_SIGNAL.has(error.code)) throw aborted(signal)
    throw error
  } finally {
    release()
    await progress.settled()
  }
}

class Progress {
  readonly #callback: LongCallOptions['onProgress']
  /** What the callback has begun and not ended, where it is an asynchronous one. */
  readonly #pending = new Set<Promise<void>>()
  #failed: ProgressFailure | undefined

  constructor(callback: LongCallOptions['onProgress']) {
    this.#callback = callback
  }

  // An error thrown into the addon would end the process, so it waits until the call settles.
  readonly report = (done: number, total: number): void => {
    if (this.#failed) return
    try {
      const answer: unknown = this.#callback?.(done, total)
      if (answer !== undefined) this.#follow(answer)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Waits for what the callback has begun; throws what it failed by. */
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

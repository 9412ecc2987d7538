// Where in the user's code was a method called? An error made after the addon has answered has lost that line, so it
// is noted when the call begins.

import { OpenMemoryError } from './errors'

export class CallSite {
  // Formatted only when its stack is read, so that a call that succeeds pays little.
  readonly #here: { stack?: unknown } = {}
  readonly #inner: number

  /** @param inner how many functions of this package lie between here and the user's code */
  constructor(inner: number) {
    this.#inner = inner
    Error.captureStackTrace(this.#here, CallSite)
  }

  /** The error as the user should see it: an `OpenMemoryError` whose stack begins in the user's code. */
  claim(error: unknown): OpenMemoryError {
    const claimed =
      error instanceof OpenMemoryError
        ? error
        : new OpenMemoryError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
    const frames = this.#frames()
    if (frames.length > 0) claimed.stack = [`${claimed.name}: ${claimed.message}`, ...frames].join('\n')
    return claimed
  }

  #frames(): string[] {
    const { stack } = this.#here
    if (typeof stack !== 'string') return []
    return stack
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(this.#inner)
  }
}

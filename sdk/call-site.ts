// Where in the user's code was a method called? An error created after the addon has answered no longer knows that line, so
// it is captured when the call begins.

import { OpenMemoryError } from './errors'

export class CallSite {
  // Formatted only when the stack is read, so that a call that succeeds pays little.
  readonly #here: { stack?: unknown } = {}
  readonly #inner: number

  /** @param inner number of this package's stack frames above the user's code */
  constructor(inner: number) {
    this.#inner = inner
    // Not every engine has it.
    Error.captureStackTrace?.(this.#here, CallSite)
  }

  /** An `OpenMemoryError` whose stack starts in the user's code. */
  withCallerStack(error: unknown): OpenMemoryError {
    const own =
      error instanceof OpenMemoryError
        ? error
        : new OpenMemoryError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
    const frames = this.#frames()
    if (frames.length > 0) own.stack = [`${own.name}: ${own.message}`, ...frames].join('\n')
    return own
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

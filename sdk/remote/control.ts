// How does a call to a server report and stop? Its request is given up, and the server sees that nobody waits.

import type { NativeControl } from '../native'

export class RemoteControl implements NativeControl {
  readonly #abort = new AbortController()

  constructor(readonly report?: (done: number, total: number) => void) {}

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  cancel(): void {
    this.#abort.abort()
  }
}

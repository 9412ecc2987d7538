// Which requests of a session are being answered? Over HTTP a cancellation is a message of its own, which has to find them.

/** What stops each request, by its id. */
export type InProgress = Map<unknown, AbortController>

export class SessionsInProgress {
  readonly #sessions = new Map<string, { running: InProgress; messages: number }>()

  /** Answers a message with what its session has in progress. Nothing is kept of a session without messages. */
  async answering<T>(
    { key, session }: { key: string | undefined; session: string | undefined },
    answer: (running: InProgress) => Promise<T>,
  ): Promise<T> {
    if (session === undefined) return answer(new Map())
    // With the key, so that nobody cancels what is another's.
    const name = JSON.stringify([key ?? null, session])
    const known = this.#sessions.get(name) ?? { running: new Map(), messages: 0 }
    this.#sessions.set(name, known)
    known.messages += 1
    try {
      return await answer(known.running)
    } finally {
      known.messages -= 1
      if (known.messages === 0) this.#sessions.delete(name)
    }
  }
}

// How many calls does a backend handle at once? A call in progress takes many times the memory of a waiting one, so
// excess calls wait here, in order.

/** Concurrent calls: more than the engine groups into one commit or one embedding batch. */
const MAX_CONCURRENT = 1024

/** Concurrent searches: several times as many as run in parallel, so that starting them never takes the event loop long. */
const MAX_CONCURRENT_SEARCHES = 64

type Begin = () => Promise<unknown>

export class Limiter {
  readonly #max: number
  #running = 0
  /** Calls before `#next` have started. */
  #waiting: Begin[] = []
  #next = 0

  constructor(max = MAX_CONCURRENT) {
    this.#max = max
  }

  run<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#running < this.#max) return this.#run(begin)
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const result = this.#run(begin)
        resolve(result)
        return result
      })
    })
  }

  /** Starts all waiting calls, so that closing settles them too. */
  release(): void {
    while (this.#next < this.#waiting.length) this.#beginNext()
  }

  #run<T>(begin: () => Promise<T>): Promise<T> {
    this.#running += 1
    const result = begin()
    result.then(this.#ended, this.#ended)
    return result
  }

  readonly #ended = (): void => {
    this.#running -= 1
    if (this.#next < this.#waiting.length && this.#running < this.#max) this.#beginNext()
  }

  #beginNext(): void {
    const begin = this.#waiting[this.#next] as Begin
    this.#next += 1
    if (this.#next === this.#waiting.length || this.#next === this.#max) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    begin()
  }
}

/** Reads wait only for reads, because an embedding function may read from the store that waits for it. */
export class CallLimits {
  readonly reads = new Limiter()
  readonly searches = new Limiter(MAX_CONCURRENT_SEARCHES)
  readonly others = new Limiter()

  release(): void {
    this.reads.release()
    this.searches.release()
    this.others.release()
  }
}

// How long may answers occupy the event loop? Hundreds may arrive together, and parsing all of them at once would delay
// timers and sockets. They are handled in order, a slice of the loop's time after another.

/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 3

type Work = () => void

export class LoopSlices {
  /** Work that waits for its turn; what is before `#next` has run. */
  #waiting: Work[] = []
  #next = 0
  /** Milliseconds of work since the loop last turned. */
  #spent = 0
  #turning = false

  /** Runs `work` now, or in a later turn if others wait or this turn's slice is used up. */
  run<T>(work: () => T): T | Promise<T> {
    this.#turn()
    if (this.#next === this.#waiting.length && this.#spent < SLICE_MS) return this.#timed(work)
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#timed(work))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #timed<T>(work: () => T): T {
    const began = performance.now()
    try {
      return work()
    } finally {
      this.#spent += performance.now() - began
    }
  }

  /** Begins the next slice when the loop has turned. */
  #turn(): void {
    if (this.#turning) return
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      this.#spent = 0
      while (this.#next < this.#waiting.length && this.#spent < SLICE_MS) {
        const work = this.#waiting[this.#next] as Work
        this.#next += 1
        work()
      }
      if (this.#next === this.#waiting.length) {
        this.#waiting = []
        this.#next = 0
      } else {
        this.#turn()
      }
    })
  }
}

// How many calls are with the engine at once? What it holds for a call is many times the call itself, so a flood of
// calls waits here, in the order in which they were made.

import type { LockWait } from './lock-wait'
import type { NativeControl, NativeEngine } from './native'

/** Calls of one kind that the engine has at once: enough to fill its groups, which are smaller. */
const MOST = 1024

// Reads wait for none but reads: an embedding function may read from the store that waits for it.
const READS: ReadonlySet<PropertyKey> = new Set(['get', 'list', 'history', 'waypoints', 'stats'])

type Begin = () => Promise<string>

export class Gate {
  readonly #most: number
  #running = 0
  /** Those before `#next` have begun. */
  #waiting: Begin[] = []
  #next = 0

  constructor(most = MOST) {
    this.#most = most
  }

  pass(begin: Begin): Promise<string> {
    if (this.#running < this.#most) return this.#run(begin)
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const answer = this.#run(begin)
        resolve(answer)
        return answer
      })
    })
  }

  /** Begins all that wait: whoever closes settles them, and some may never be answered otherwise. */
  open(): void {
    while (this.#next < this.#waiting.length) this.#beginNext()
  }

  #run(begin: Begin): Promise<string> {
    this.#running += 1
    const answer = begin()
    answer.then(this.#ended, this.#ended)
    return answer
  }

  readonly #ended = (): void => {
    this.#running -= 1
    if (this.#next < this.#waiting.length && this.#running < this.#most) this.#beginNext()
  }

  #beginNext(): void {
    const begin = this.#waiting[this.#next] as Begin
    this.#next += 1
    if (this.#next === this.#waiting.length || this.#next === this.#most) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    begin()
  }
}

const behind = new WeakMap<NativeEngine, NativeEngine>()

/** The engine itself, which the addon can take as an argument. */
export function ungated(engine: NativeEngine): NativeEngine {
  return behind.get(engine) ?? engine
}

/** The engine, with each of its calls passing a gate, and then waiting for the directory. */
export function gated(engine: NativeEngine, lock: LockWait): NativeEngine {
  const [reads, others] = [new Gate(), new Gate()]
  const gate = new Proxy(engine, {
    get: (target, name) => {
      if (name === 'close') {
        return () => {
          reads.open()
          others.open()
          return target.close()
        }
      }
      const gate = READS.has(name) ? reads : others
      const call = target[name as keyof NativeEngine] as (...args: unknown[]) => Promise<string>
      return (...args: [unknown, NativeControl?]) => gate.pass(() => lock.pass(() => call.apply(target, args), args[1]))
    },
  })
  behind.set(gate, engine)
  return gate
}

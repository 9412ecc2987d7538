// How do several hosts use one directory at once? The first one opens it and serves it to the others, which find its address in
// the directory. When it ends, one of them takes its place.

import { setTimeout as pause } from 'node:timers/promises'
import type { EmbeddedOptions, Learning } from '../../index'
import { OpenMemoryError } from '../errors'
import type { Learner } from '../mcp/learning-tools'
import type { Memories } from '../mcp/pinned'
import { announce, holderOf, mayBeOpen, newKey } from '../native/holder'
import { OpenMemory } from '../open-memory'

const PAUSE_MS = 100
/** How long a process takes from having the directory to saying so. */
const ANNOUNCING_MS = 1000

const READS: readonly (keyof (Memories & Learner))[] = [
  ...(['searchMemories', 'context', 'listMemories', 'getMemory', 'getHistory', 'facets'] as const),
  ...(['getLearning', 'getSources'] as const),
]
const WRITES: readonly (keyof (Memories & Learner))[] = [
  ...(['addMemory', 'addMemories', 'updateMemory', 'restoreMemory', 'retireMemory', 'reinforceMemory'] as const),
  ...(['deleteMemory', 'deleteMemories', 'learn', 'consolidate', 'decide', 'undoLearning'] as const),
]

/** The store as this process reaches it at the moment. */
interface Reached {
  om: OpenMemory
  /** Whether this process has the directory. */
  own: boolean
  end(): Promise<void>
}

export class SharedStore {
  readonly #directory: string
  readonly #options: EmbeddedOptions
  /** How long a call looks for a process that has the directory. */
  readonly #waitMs: number
  #reached: Promise<Reached> | undefined
  #closed = false

  constructor(directory: string, options: EmbeddedOptions) {
    this.#directory = directory
    this.#options = { ...options, lockWaitMs: 0 }
    this.#waitMs = options.lockWaitMs ?? 0
  }

  /** What the tools of a model can do. */
  memories(): Memories & Learner {
    type Method = (...args: unknown[]) => Promise<unknown>
    const methods = [...READS, ...WRITES].map((name) => {
      const call: Method = (...args) => this.#run(READS.includes(name), (om) => (om[name] as Method)(...args))
      return [name, call]
    })
    const relearn: Learner['relearn'] = (...args) => this.#relearnt(args)
    return { ...(Object.fromEntries(methods) as Memories & Learner), relearn }
  }

  /** All at once, because another process may take over between two of them. */
  async *#relearnt(args: Parameters<Learner['relearn']>): AsyncGenerator<Learning, void, undefined> {
    yield* await this.#run(false, async (om) => {
      const learnings: Learning[] = []
      for await (const learning of om.relearn(...args)) learnings.push(learning)
      return learnings
    })
  }

  /** Why calls are refused, if another process has the directory and does not share it. */
  async obstacle(): Promise<string | undefined> {
    if (this.#reached !== undefined || !mayBeOpen(this.#directory)) return undefined
    try {
      await this.#reach(Math.min(this.#waitMs, ANNOUNCING_MS))
    } catch (error) {
      // Of anything else the calls say more.
      if (error instanceof OpenMemoryError && error.code === 'LOCKED') return error.message
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    await (await this.#reached?.catch(() => undefined))?.end()
  }

  async #run<T>(isRead: boolean, work: (om: OpenMemory) => Promise<T>): Promise<T> {
    for (;;) {
      const reaching = this.#reach(this.#waitMs)
      const reached = await reaching
      try {
        return await work(reached.om)
      } catch (error) {
        if (reached.own || this.#closed || !(error instanceof OpenMemoryError) || error.code !== 'UNAVAILABLE')
          throw error
        // The process that had the directory is gone. What it was told last, it may have stored.
        if (this.#reached === reaching) this.#reached = undefined
        await reached.end()
        if (!isRead && !wasNotSent(error)) throw error
      }
    }
  }

  #reach(waitMs: number): Promise<Reached> {
    this.#reached ??= this.#open(waitMs).catch((error) => {
      this.#reached = undefined
      throw error
    })
    return this.#reached
  }

  /** Opens the directory, or connects to the process that has it. */
  async #open(waitMs: number): Promise<Reached> {
    const end = Date.now() + waitMs
    for (;;) {
      const own = await this.#openOwn()
      if (!(own instanceof OpenMemoryError)) return own
      const other = await this.#connect()
      if (other !== undefined) return other
      if (Date.now() >= end || this.#closed) throw own
      await pause(PAUSE_MS)
    }
  }

  /** The error if another process has it. */
  async #openOwn(): Promise<Reached | OpenMemoryError> {
    const om = new OpenMemory({ ...this.#options, path: this.#directory })
    try {
      await om.stats()
      const key = newKey()
      const server = await om.serve({ port: 0, host: '127.0.0.1', apiKeys: [`default=${key}`], ui: true })
      const takeBack = announce(this.#directory, { url: server.url, key })
      const end = async () => {
        takeBack()
        await om.close()
      }
      return { om, own: true, end }
    } catch (error) {
      await om.close()
      if (error instanceof OpenMemoryError && error.code === 'LOCKED') return error
      throw error
    }
  }

  async #connect(): Promise<Reached | undefined> {
    const holder = holderOf(this.#directory)
    if (holder === undefined) return undefined
    const { userId } = this.#options
    const om = new OpenMemory({
      url: holder.url,
      ...(holder.key !== undefined && { apiKey: holder.key }),
      ...(userId !== undefined && { userId }),
    })
    try {
      await om.stats()
      return { om, own: false, end: () => om.close() }
    } catch {
      // It has ended, or another program has its port.
      await om.close()
      return undefined
    }
  }
}

/** Whether a request has reached nobody. */
function wasNotSent({ message }: OpenMemoryError): boolean {
  return message.endsWith('ECONNREFUSED')
}

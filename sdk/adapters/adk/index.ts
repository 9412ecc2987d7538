// Memories for Google's Agent Development Kit: sessions that were added are found by what was said in them.

import { invalid } from '../../errors'
import { sha256 } from '../sha256'
import type { MemoryStore } from '../store'
import { contentOf, queryOf } from '../text'
import { exactly, required } from '../user'

export type { MemoryStore } from '../store'

/** Options of {@link OpenMemoryService}. */
export interface MemoryServiceOptions {
  /** Maximum number of memories per search, 1 to 1000. Default 8. */
  limit?: number
  /** Only memories with at least this score, 0 to 1. Default 0. */
  minScore?: number
}

/** `Content` of `@google/genai`, as far as it is read here. */
interface Content {
  role?: string
  parts?: { text?: string }[]
}

/** `Session` of `@google/adk`, as far as it is read here. */
interface Session {
  id: string
  appName: string
  userId: string
  events: { id: string; author?: string; timestamp: number; content?: Content }[]
}

const BATCH = 1000

/**
 * A `BaseMemoryService` of `@google/adk`, kept in a store. Memories belong to the user and the app of their session.
 *
 * ```ts
 * const runner = new Runner({ appName, agent, sessionService, memoryService: new OpenMemoryService(om) })
 * ```
 */
export class OpenMemoryService {
  readonly #om: MemoryStore
  readonly #options: MemoryServiceOptions

  /**
   * @param om The store.
   * @param options `limit` and `minScore`.
   */
  constructor(om: MemoryStore, options: MemoryServiceOptions = {}) {
    this.#om = om
    this.#options = options
  }

  /**
   * Stores what was said in a session, one memory for each event with text. Events that are stored already are left as
   * they are, so a session that went on can be added again.
   *
   * @throws {ValidationError} `INVALID_ARGUMENT` for a session without app, user or id.
   */
  async addSessionToMemory(session: Session): Promise<void> {
    const [app_id, user_id] = [
      required(session?.appName, 'session.appName'),
      required(session.userId, 'session.userId'),
    ]
    const run_id = required(session.id, 'session.id')
    const memories = session.events.flatMap(({ id, author, timestamp, content }) => {
      const text = contentOf(textOf(content))
      if (text === undefined) return []
      return {
        id: `adk:${sha256(JSON.stringify([app_id, user_id, run_id, id]))}`,
        ...{ content: text, user_id, app_id, run_id, created_at: new Date(timestamp) },
        metadata: { author: author ?? null, role: content?.role ?? null },
      }
    })
    for (let from = 0; from < memories.length; from += BATCH) {
      for (const result of await this.#om.addMemories(memories.slice(from, from + BATCH))) {
        if (!result.ok && result.error.code !== 'VERSION_CONFLICT') throw result.error
      }
    }
  }

  /**
   * Finds what this user said, or was told, in earlier sessions of this app.
   *
   * @returns The memories, best first. Nothing is found for a blank query.
   * @throws {ValidationError} `INVALID_ARGUMENT` without app or user.
   */
  async searchMemory(request: { appName: string; userId: string; query: string }): Promise<{
    memories: { content: { role: string; parts: { text: string }[] }; author?: string; timestamp?: string }[]
  }> {
    if (typeof request?.query !== 'string') throw invalid('query', 'must be a string')
    const filters = exactly({
      user_id: required(request.userId, 'userId'),
      app_id: required(request.appName, 'appName'),
    })
    const query = queryOf(request.query)
    if (query === undefined) return { memories: [] }
    const found = await this.#om.searchMemories(query, { limit: 8, ...this.#options, filters })
    return {
      memories: found.map(({ content, created_at, metadata }) => {
        const { author, role } = metadata as { author?: string; role?: string }
        const said = { content: { role: role ?? 'user', parts: [{ text: content }] }, timestamp: created_at }
        return author === undefined ? said : { ...said, author }
      }),
    }
  }
}

function textOf(content: Content | undefined): string {
  return (content?.parts ?? []).flatMap(({ text }) => (text ? [text] : [])).join('\n')
}

// Memories for LlamaIndex.TS: a block of its `Memory`, which recalls for each request and keeps what leaves the short term.

import type { Filters } from '../../../index'
import { messageText } from '../conversation'
import { sha256 } from '../sha256'
import type { MemoryStore } from '../store'
import { contentOf, queryOf } from '../text'
import { exactly, userOf } from '../user'

export type { MemoryStore } from '../store'

/** Options of {@link MemoryBlock}. */
export interface MemoryBlockOptions {
  /** Whose memories are recalled and kept. Default: all memories of the store. */
  userId?: string
  /** The conversation that kept messages belong to. */
  runId?: string
  /** Further conditions on the memories that are recalled. */
  filters?: Filters
  /** Maximum number of memories per request, 1 to 1000. Default 5. */
  limit?: number
  /** Only memories with at least this score, 0 to 1. Default 0. */
  minScore?: number
  /** Names the block. Default `openmemory`. */
  id?: string
  /** Blocks of a higher priority come first where tokens are short; 0 is always included. Default 1. */
  priority?: number
  /** Whether messages that leave the short term are kept. Default true. */
  isLongTerm?: boolean
}

/** `MemoryMessage` of `@llamaindex/core`, as far as it is read here. */
interface Message {
  id: string
  role: string
  content: unknown
  createdAt?: Date | undefined
}

const BATCH = 1000

/**
 * A memory block of LlamaIndex, kept by OpenMemory.
 *
 * ```ts
 * const memory = createMemory({ memoryBlocks: [new MemoryBlock(om, { userId: 'ada' })] })
 * ```
 */
export class MemoryBlock {
  readonly id: string
  readonly priority: number
  readonly isLongTerm: boolean
  readonly #om: MemoryStore
  readonly #scope: { user_id?: string; run_id?: string }
  readonly #search: { limit: number; minScore: number; filters?: Filters }

  /**
   * @param om The store.
   * @param options Scope, limits and the place of the block.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemoryBlockOptions = {}) {
    const { runId, filters, limit = 5, minScore = 0, id = 'openmemory', priority = 1, isLongTerm = true } = options
    const userId = userOf(options)
    this.id = id
    this.priority = priority
    this.isLongTerm = isLongTerm
    this.#om = om
    this.#scope = { ...(userId !== undefined && { user_id: userId }), ...(runId !== undefined && { run_id: runId }) }
    const own = userId === undefined ? [] : [exactly({ user_id: userId })]
    const all = [...own, ...(filters === undefined ? [] : [filters])]
    this.#search = { limit, minScore, ...(all.length > 0 && { filters: { AND: all } }) }
  }

  /**
   * Recalls memories for the last message.
   *
   * @returns One message of the role `memory`, or none.
   */
  async get(messages: Message[] = []): Promise<{ id: string; role: 'memory'; content: string }[]> {
    const query = queryOf(messageText(messages.at(-1)?.content))
    if (query === undefined) return []
    const found = await this.#om.searchMemories(query, this.#search)
    if (found.length === 0) return []
    return [{ id: this.id, role: 'memory', content: found.map(({ content }) => content).join('\n') }]
  }

  /** Keeps the texts of messages. A message that is kept already stays as it is. */
  async put(messages: Message[]): Promise<void> {
    const memories = messages.flatMap(({ id, role, content, createdAt }) => {
      const text = contentOf(messageText(content))
      if (text === undefined) return []
      return {
        id: `llamaindex:${sha256(JSON.stringify([this.#scope.user_id ?? null, this.#scope.run_id ?? null, id]))}`,
        ...{ content: text, metadata: { role }, ...this.#scope },
        ...(createdAt !== undefined && { created_at: createdAt }),
      }
    })
    for (let from = 0; from < memories.length; from += BATCH) {
      for (const result of await this.#om.addMemories(memories.slice(from, from + BATCH))) {
        if (!result.ok && result.error.code !== 'VERSION_CONFLICT') throw result.error
      }
    }
  }
}

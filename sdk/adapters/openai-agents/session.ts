// The history of a conversation, as the runner of the Agents SDK reads and writes it.

import { invalid } from '../../errors'
import { Conversation, messageText } from '../conversation'
import type { MemoryStore } from '../store'

/** An item of a history: `AgentInputItem` of the Agents SDK. */
// biome-ignore lint/suspicious/noExplicitAny: the framework has a type for each kind of item, and the session reads none
export type SessionItem = any

/** Options of {@link MemorySession}. */
export interface MemorySessionOptions {
  /** Names the conversation: the `run_id` of its memories. */
  sessionId: string
  /** Whose conversation it is. Default: nobody's. */
  userId?: string
}

/** A change of items that are stored. */
export interface HistoryMutation {
  type: 'replace_function_call'
  callId: string
  replacement: SessionItem
}

/**
 * A session of the OpenAI Agents SDK, kept in a store.
 *
 * ```ts
 * const session = new MemorySession(om, { sessionId: 'chat-1', userId: 'ada' })
 * await run(agent, 'What did I ask you yesterday?', { session })
 * ```
 */
export class MemorySession {
  readonly #conversation: Conversation

  /**
   * @param om The store.
   * @param options `sessionId` and `userId`.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `sessionId` is missing, or `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemorySessionOptions) {
    this.#conversation = new Conversation(om, options, ({ content }) => messageText(content))
  }

  /** @returns the `sessionId` of the options */
  async getSessionId(): Promise<string> {
    return this.#conversation.id
  }

  /**
   * @param limit Maximum number of items, the latest ones. Default: all.
   * @returns the items, oldest first
   */
  async getItems(limit?: number): Promise<SessionItem[]> {
    return (await this.#conversation.latest(limit)).map(({ item }) => item)
  }

  /**
   * Appends items, in one transaction for each 1000.
   *
   * @throws {ValidationError} `LIMIT_EXCEEDED` for an item of more than 200,000 characters of JSON; nothing is appended.
   */
  addItems(items: SessionItem[]): Promise<void> {
    return this.#conversation.add(items)
  }

  /** Removes the last item. Of two calls at once, each gets an item of its own. */
  popItem(): Promise<SessionItem | undefined> {
    return this.#conversation.pop()
  }

  /** Deletes all items for good. */
  clearSession(): Promise<void> {
    return this.#conversation.clear()
  }

  /**
   * Replaces function calls that are stored, each as a new version. Further calls with the same `callId` are deleted
   * afterwards.
   */
  async applyHistoryMutations({ mutations }: { mutations: HistoryMutation[] }): Promise<void> {
    const stored = await this.#conversation.latest()
    for (const { type, callId, replacement } of mutations) {
      if (type !== 'replace_function_call') throw invalid('mutations', `of the type ${type} are not supported`)
      const [kept, ...doubles] = stored.filter(({ item }) => item.type === 'function_call' && item.callId === callId)
      if (kept === undefined) continue
      await this.#conversation.replace(kept.id, replacement)
      await this.#conversation.remove(doubles.map(({ id }) => id))
    }
  }
}

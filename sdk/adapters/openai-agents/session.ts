// The history of a conversation, as the runner of the Agents SDK reads and writes it.

import { invalid } from '../../errors'
import { Conversation, messageText } from '../conversation'
import type { MemoryStore } from '../store'
import { checkSuffix, checkTransaction, type HistoryTransactionArgs } from './transaction'

/** An item of a history: `AgentInputItem` of the Agents SDK. */
// biome-ignore lint/suspicious/noExplicitAny: the framework has a type for each kind of item, and the session reads none
export type SessionItem = any

/** Options of {@link MemorySession}. */
export interface MemorySessionOptions {
  /** Names the conversation: the `run_id` of its memories. */
  sessionId: string
  /** Whose conversation it is. Default: nobody's. */
  userId?: string
  /** Is told of each call. Default: none. */
  logger?: SessionLogger
}

/** The part of the Agents SDK's `Logger` that a session uses. Items are left out if either kind of data is not to be logged. */
export interface SessionLogger {
  debug(message: string, ...more: unknown[]): void
  dontLogModelData: boolean
  dontLogToolData: boolean
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
  readonly #logger: SessionLogger | undefined

  /**
   * @param om The store.
   * @param options `sessionId`, `userId` and `logger`.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `sessionId` is missing, or `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemorySessionOptions) {
    this.#conversation = new Conversation(om, options, ({ content }) => messageText(content))
    this.#logger = options.logger
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
    const items = (await this.#conversation.latest(limit)).map(({ item }) => item)
    this.#log('Getting', items)
    return items
  }

  /**
   * Appends items, in one transaction for each 1000.
   *
   * @throws {ValidationError} `LIMIT_EXCEEDED` for an item of more than 1 MiB of JSON; nothing is appended.
   */
  addItems(items: SessionItem[]): Promise<void> {
    this.#log('Adding', items)
    return this.#conversation.add(items)
  }

  /** Removes the last item. Of two calls at once, each gets an item of its own. */
  async popItem(): Promise<SessionItem | undefined> {
    const item = await this.#conversation.pop()
    this.#log('Popping', item === undefined ? [] : [item])
    return item
  }

  /** Deletes all items for good. */
  clearSession(): Promise<void> {
    return this.#conversation.clear()
  }

  /**
   * Appends items, or puts others in the place of the last ones: completely or not at all, and once for each `operationId`.
   * At most 1000 memories change, the record of the operation included.
   *
   * @throws {ValidationError} `INVALID_ARGUMENT` if `operationId` was used for another transaction, if the last items are not
   * those that the transaction expects, or for items that a store does not bring back as they are; nothing has changed.
   */
  async applyHistoryTransaction(args: HistoryTransactionArgs): Promise<void> {
    const { operationId, digest, expected, added } = checkTransaction(args)
    await this.#conversation.replaceLast(operationId, digest, {
      ...{ count: expected.length, items: added },
      expected: (last) => checkSuffix(expected, last),
    })
  }

  /**
   * Replaces function calls that are stored, each as a new version. Further calls with the same `callId` are deleted. All of it
   * is one transaction.
   */
  async applyHistoryMutations({ mutations }: { mutations: HistoryMutation[] }): Promise<void> {
    const stored = await this.#conversation.latest()
    const replaced = new Map<string, SessionItem>()
    const removed = new Set<string>()
    for (const { type, callId, replacement } of mutations) {
      if (type !== 'replace_function_call') throw invalid('mutations', `of the type ${type} are not supported`)
      const current = stored.filter(({ id }) => !removed.has(id))
      const calls = current.filter(({ id, item }) => isCall(replaced.get(id) ?? item, callId))
      const [kept, ...doubles] = calls
      if (kept === undefined) continue
      replaced.set(kept.id, replacement)
      for (const { id } of doubles) {
        removed.add(id)
        replaced.delete(id)
      }
    }
    await this.#conversation.change(replaced, [...removed])
  }

  #log(doing: string, items: SessionItem[]): void {
    if (this.#logger === undefined) return
    const { dontLogModelData, dontLogToolData } = this.#logger
    const shown = dontLogModelData || dontLogToolData ? '' : `: ${JSON.stringify(items)}`
    this.#logger.debug(`${doing} ${items.length} items of session ${this.#conversation.id}${shown}`)
  }
}

function isCall({ type, callId }: SessionItem, wanted: string): boolean {
  return type === 'function_call' && callId === wanted
}

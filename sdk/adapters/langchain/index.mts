// As index.ts: an ES module has classes of LangChain of its own, and these must extend them.

import { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import { Document } from '@langchain/core/documents'
import {
  type BaseMessage,
  mapChatMessagesToStoredMessages,
  mapStoredMessagesToChatMessages,
} from '@langchain/core/messages'
import { BaseRetriever, type BaseRetrieverInput } from '@langchain/core/retrievers'
import { Conversation, messageText } from '../conversation.js'
import type { MemoryStore } from '../store.js'
import { type MemoryRetrieverOptions, searcher } from './documents.js'

export type { MemoryStore } from '../store.js'
export type { MemoryRetrieverOptions } from './documents.js'

/** Options of {@link MemoryChatHistory}. */
export interface MemoryChatHistoryOptions {
  /** Names the conversation: the `run_id` of its memories. */
  sessionId: string
  /** Whose conversation it is. Default: nobody's. */
  userId?: string
}

/**
 * Finds memories by words and meaning.
 *
 * ```ts
 * const documents = await new MemoryRetriever(om, { userId: 'ada' }).invoke('Where does Ada live?')
 * ```
 */
export class MemoryRetriever extends BaseRetriever {
  override lc_namespace = ['openmemory', 'retrievers']
  readonly #search: ReturnType<typeof searcher>

  static override lc_name() {
    return 'MemoryRetriever'
  }

  /**
   * @param om The store.
   * @param options `userId`, `filters`, `limit` and `minScore`, and LangChain's own.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemoryRetrieverOptions & BaseRetrieverInput = {}) {
    const { callbacks, tags, metadata, verbose, ...own } = options
    super({
      ...(callbacks && { callbacks }),
      ...(tags && { tags }),
      ...(metadata && { metadata }),
      ...(verbose && { verbose }),
    })
    this.#search = searcher(om, own)
  }

  override async _getRelevantDocuments(query: string): Promise<Document[]> {
    return (await this.#search(query)).map((fields) => new Document(fields))
  }
}

/**
 * The messages of a conversation.
 *
 * ```ts
 * const history = new MemoryChatHistory(om, { sessionId: 'chat-1', userId: 'ada' })
 * ```
 */
export class MemoryChatHistory extends BaseListChatMessageHistory {
  override lc_namespace = ['openmemory', 'stores', 'message']
  readonly #conversation: Conversation

  /**
   * @param om The store.
   * @param options `sessionId` and `userId`.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `sessionId` is missing, or `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemoryChatHistoryOptions) {
    super()
    this.#conversation = new Conversation(om, options, ({ data }) => messageText(data?.content))
  }

  /** @returns the messages, oldest first */
  async getMessages(): Promise<BaseMessage[]> {
    return mapStoredMessagesToChatMessages((await this.#conversation.latest()).map(({ item }) => item))
  }

  addMessage(message: BaseMessage): Promise<void> {
    return this.addMessages([message])
  }

  /** Appends messages, in one transaction for each 1000. */
  override async addMessages(messages: BaseMessage[]): Promise<void> {
    await this.#conversation.add(mapChatMessagesToStoredMessages(messages))
  }

  /** Deletes all messages for good. */
  override clear(): Promise<void> {
    return this.#conversation.clear()
  }
}

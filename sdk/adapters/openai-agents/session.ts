// How is the history of a conversation kept? Each item is a memory of the run that the session is, so that what was said
// can also be found by meaning.

import type { Filters, Memory } from '../../../index'
import { invalid, OpenMemoryError } from '../../errors'
import { sha256 } from '../sha256'
import type { MemoryStore } from '../store'
import { contentOf, wellFormed } from '../text'
import { exactly, required, userOf } from '../user'

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

/** How the tag of a session's memories begins. */
const TAG = 'session'
/** Bytes of an item that are kept in the metadata; metadata holds 64 KiB. */
const MAX_METADATA = 60_000
const PAGE = 1000

/**
 * A session of the OpenAI Agents SDK, kept in a store.
 *
 * ```ts
 * const session = new MemorySession(om, { sessionId: 'chat-1', userId: 'ada' })
 * await run(agent, 'What did I ask you yesterday?', { session })
 * ```
 */
export class MemorySession {
  readonly #om: MemoryStore
  readonly #scope: { run_id: string; user_id?: string }
  readonly #tag: string
  readonly #filters: Filters
  /** Items keep the order of the calls that add them. */
  #adding: Promise<unknown> = Promise.resolve()

  /**
   * @param om The store.
   * @param options `sessionId` and `userId`.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `sessionId` is missing, or `userId` is given and is not a text.
   */
  constructor(om: MemoryStore, options: MemorySessionOptions) {
    const userId = userOf(options)
    this.#om = om
    this.#scope = {
      run_id: required(options.sessionId, 'sessionId'),
      ...(userId !== undefined && { user_id: userId }),
    }
    // With the user, so that a session without one is not everybody's of this name.
    this.#tag = `${TAG}:${sha256(JSON.stringify([userId ?? null, this.#scope.run_id])).slice(0, 32)}`
    this.#filters = exactly({ ...this.#scope, tags: this.#tag })
  }

  /** @returns the `sessionId` of the options */
  async getSessionId(): Promise<string> {
    return this.#scope.run_id
  }

  /**
   * @param limit Maximum number of items, the latest ones. Default: all.
   * @returns the items, oldest first
   */
  async getItems(limit?: number): Promise<SessionItem[]> {
    return (await this.#latest(limit)).map(itemOf)
  }

  /**
   * Appends items, in one transaction for each 1000.
   *
   * @throws {ValidationError} `LIMIT_EXCEEDED` for an item of more than 200,000 characters of JSON; nothing is appended.
   */
  async addItems(items: SessionItem[]): Promise<void> {
    const memories = items.map((item, at) => ({ ...fieldsOf(item, at), ...this.#scope, tags: [this.#tag] }))
    const adding = this.#adding.then(async () => {
      for (let from = 0; from < memories.length; from += PAGE) {
        const results = await this.#om.addMemories(memories.slice(from, from + PAGE), { atomic: true })
        for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
      }
    })
    this.#adding = adding.catch(() => undefined)
    return adding
  }

  /** Removes the last item. Of two calls at once, each gets an item of its own. */
  async popItem(): Promise<SessionItem | undefined> {
    for (;;) {
      const [last] = await this.#latest(1)
      if (last === undefined) return undefined
      try {
        return itemOf(await this.#om.deleteMemory(last.id, { ifVersion: last.version }))
      } catch (error) {
        const lost = error instanceof OpenMemoryError && ['NOT_FOUND', 'VERSION_CONFLICT'].includes(error.code)
        if (!lost) throw error
      }
    }
  }

  /** Deletes all items for good. */
  async clearSession(): Promise<void> {
    await this.#om.deleteMemories({ filters: this.#filters })
  }

  /**
   * Replaces function calls that are stored, each as a new version. Further calls with the same `callId` are deleted
   * afterwards.
   */
  async applyHistoryMutations({ mutations }: { mutations: HistoryMutation[] }): Promise<void> {
    const stored = await this.#latest()
    for (const { type, callId, replacement } of mutations) {
      if (type !== 'replace_function_call') throw invalid('mutations', `of the type ${type} are not supported`)
      const [kept, ...doubles] = stored.filter((memory) => {
        const item = itemOf(memory)
        return item.type === 'function_call' && item.callId === callId
      })
      if (kept === undefined) continue
      const { content, metadata } = fieldsOf(replacement, 0)
      await this.#om.updateMemory(kept.id, { content, metadata: { item: null, ...metadata } })
      if (doubles.length > 0) await this.#om.deleteMemories(doubles.map(({ id }) => id))
    }
  }

  /** Oldest first. */
  async #latest(limit = Number.POSITIVE_INFINITY): Promise<Memory[]> {
    const found: Memory[] = []
    let cursor: string | undefined
    while (found.length < limit) {
      const page = await this.#om.listMemories({
        ...{ filters: this.#filters, order: 'created_at:desc', limit: Math.min(limit - found.length, PAGE) },
        ...(cursor !== undefined && { cursor }),
      })
      found.push(...page.memories)
      cursor = page.next_cursor
      if (cursor === undefined) break
    }
    return found.reverse()
  }
}

/** An item that the metadata cannot hold is the content itself. */
function fieldsOf(item: SessionItem, at: number): { content: string; metadata: Record<string, SessionItem> } {
  const json = JSON.stringify(item)
  if (json === undefined || item === null || typeof item !== 'object') {
    throw invalid(`items[${at}]`, 'must be an object')
  }
  const exact = wellFormed(json)
  if (exact.length * 3 > MAX_METADATA && new TextEncoder().encode(exact).length > MAX_METADATA) {
    return { content: exact, metadata: { as_content: true } }
  }
  return { content: contentOf(textOf(item)) ?? exact, metadata: { item: JSON.parse(exact), as_content: null } }
}

function itemOf({ content, metadata }: Memory): SessionItem {
  return metadata.as_content === true ? JSON.parse(content) : metadata.item
}

/** What was said, which a search can find; empty for calls of tools and the like. */
function textOf({ content }: SessionItem): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n')
}

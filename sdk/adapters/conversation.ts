// How is a conversation kept? Each item is a memory of the run that the conversation is, so that what was said can also be
// found by meaning.

import type { Filters, Memory } from '../../index'
import { invalid, OpenMemoryError } from '../errors'
import { sha256 } from './sha256'
import type { MemoryStore } from './store'
import { contentOf, wellFormed } from './text'
import { exactly, required, userOf } from './user'

/** An object that JSON can represent. */
// biome-ignore lint/suspicious/noExplicitAny: frameworks have a type for each kind of item, and none is read here
export type ConversationItem = any

export interface ConversationOptions {
  /** Names the conversation: the `run_id` of its memories. */
  sessionId: string
  /** Whose conversation it is. Default: nobody's. */
  userId?: string
}

/** An item with the memory that holds it. */
export interface Stored {
  id: string
  item: ConversationItem
}

/** How the tag of a conversation's memories begins. */
const TAG = 'session'
/** Bytes of an item that are kept in the metadata; metadata holds 64 KiB. */
const MAX_METADATA = 60_000
const PAGE = 1000

export class Conversation {
  readonly #om: MemoryStore
  readonly #textOf: (item: ConversationItem) => string
  readonly #scope: { run_id: string; user_id?: string }
  readonly #tag: string
  readonly #filters: Filters
  /** Items keep the order of the calls that add them. */
  #adding: Promise<unknown> = Promise.resolve()

  /** @param textOf what was said; empty for calls of tools and the like */
  constructor(om: MemoryStore, options: ConversationOptions, textOf: (item: ConversationItem) => string) {
    const userId = userOf(options)
    this.#om = om
    this.#textOf = textOf
    this.#scope = {
      run_id: required(options.sessionId, 'sessionId'),
      ...(userId !== undefined && { user_id: userId }),
    }
    // With the user, so that a conversation without one is not everybody's of this name.
    this.#tag = `${TAG}:${sha256(JSON.stringify([userId ?? null, this.#scope.run_id])).slice(0, 32)}`
    this.#filters = exactly({ ...this.#scope, tags: this.#tag })
  }

  get id(): string {
    return this.#scope.run_id
  }

  /** The latest items, oldest first. */
  async latest(limit = Number.POSITIVE_INFINITY): Promise<Stored[]> {
    return (await this.#memories(limit)).map((memory) => ({ id: memory.id, item: itemOf(memory) }))
  }

  async add(items: ConversationItem[]): Promise<void> {
    const memories = items.map((item, at) => ({ ...this.#fieldsOf(item, at), ...this.#scope, tags: [this.#tag] }))
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
  async pop(): Promise<ConversationItem | undefined> {
    for (;;) {
      const [last] = await this.#memories(1)
      if (last === undefined) return undefined
      try {
        return itemOf(await this.#om.deleteMemory(last.id, { ifVersion: last.version }))
      } catch (error) {
        const lost = error instanceof OpenMemoryError && ['NOT_FOUND', 'VERSION_CONFLICT'].includes(error.code)
        if (!lost) throw error
      }
    }
  }

  async clear(): Promise<void> {
    await this.#om.deleteMemories({ filters: this.#filters })
  }

  async replace(id: string, item: ConversationItem): Promise<void> {
    const { content, metadata } = this.#fieldsOf(item, 0)
    await this.#om.updateMemory(id, { content, metadata: { item: null, ...metadata } })
  }

  async remove(ids: string[]): Promise<void> {
    if (ids.length > 0) await this.#om.deleteMemories(ids)
  }

  /** Oldest first. */
  async #memories(limit: number): Promise<Memory[]> {
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

  /** An item that the metadata cannot hold is the content itself. */
  #fieldsOf(item: ConversationItem, at: number): { content: string; metadata: Record<string, ConversationItem> } {
    const json = JSON.stringify(item)
    if (json === undefined || item === null || typeof item !== 'object') {
      throw invalid(`items[${at}]`, 'must be an object')
    }
    const exact = wellFormed(json)
    if (exact.length * 3 > MAX_METADATA && new TextEncoder().encode(exact).length > MAX_METADATA) {
      return { content: exact, metadata: { as_content: true } }
    }
    return { content: contentOf(this.#textOf(item)) ?? exact, metadata: { item: JSON.parse(exact), as_content: null } }
  }
}

function itemOf({ content, metadata }: Memory): ConversationItem {
  return metadata.as_content === true ? JSON.parse(content) : metadata.item
}

/** The text of a message's content, which is a text or a list of parts. */
export function messageText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.flatMap((part) => (typeof part?.text === 'string' ? [part.text] : [])).join('\n')
}

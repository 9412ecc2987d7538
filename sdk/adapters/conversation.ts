// How is a conversation kept? Each item is a memory of the run that the conversation is, so that what was said can also be
// found by meaning.

import type { Filters, Memory, NewMemory, Operation } from '../../index'
import { failure, invalid, OpenMemoryError } from '../errors'
import { withBytes, withoutBytes } from './binary'
import { sha256 } from './sha256'
import type { MemoryStore } from './store'
import { contentOf, wellFormed } from './text'
import { exactly, required, userOf } from './user'

/** An object that JSON can represent, but for bytes in it. */
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
/** How the tag of the records of transactions begins. */
const RECORD_TAG = 'session-operation'
/** Memories of a page, and operations of a commit. */
const PAGE = 1000

export class Conversation {
  readonly #om: MemoryStore
  readonly #textOf: (item: ConversationItem) => string
  readonly #scope: { run_id: string; user_id?: string }
  readonly #tag: string
  readonly #recordTag: string
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
    const digest = sha256(JSON.stringify([userId ?? null, this.#scope.run_id])).slice(0, 32)
    this.#tag = `${TAG}:${digest}`
    this.#recordTag = `${RECORD_TAG}:${digest}`
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
    const memories = items.map((item, at) => this.#memoryOf(item, at))
    return this.#inOrder(async () => {
      for (let from = 0; from < memories.length; from += PAGE) {
        const results = await this.#om.addMemories(memories.slice(from, from + PAGE), { atomic: true })
        for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
      }
    })
  }

  /**
   * Puts items in the place of the last ones in one commit, once for each name.
   *
   * @param name of the change: repeated, it is not made again
   * @param digest of the change: another change of the same name is refused
   * @param expected decides about the items that go
   */
  replaceLast(
    name: string,
    digest: string,
    {
      count,
      expected,
      items,
    }: { count: number; expected: (last: ConversationItem[]) => void; items: ConversationItem[] },
  ): Promise<void> {
    const added = items.map((item, at) => ({ add: this.#memoryOf(item, at) }))
    return this.#inOrder(async () => {
      const record = this.#recordOf(name, digest)
      if (await this.#isRecorded(record)) return
      const last = await this.#memories(count)
      try {
        expected(last.map(itemOf))
        const removed = last.map(({ id, version }) => ({ delete: { id, ifVersion: version } }))
        await this.#apply([{ add: record }, ...removed, ...added])
      } catch (error) {
        // Another session may have made the same change since, before these items were read or after that.
        if (!(await this.#isRecorded(record))) throw error
      }
    })
  }

  /** Replaces and removes items in one commit. */
  async change(replaced: Map<string, ConversationItem>, removed: readonly string[]): Promise<void> {
    const updates = [...replaced].map(([id, item]) => ({ update: { id, ...this.#fieldsOf(item, 0) } }))
    await this.#apply([...updates, ...removed.map((id) => ({ delete: { id } }))])
  }

  /** Removes the last item. Of two calls at once, each gets an item of its own. */
  async pop(): Promise<ConversationItem | undefined> {
    for (;;) {
      const [last] = await this.#memories(1)
      if (last === undefined) return undefined
      try {
        return itemOf(await this.#om.deleteMemory(last.id, { ifVersion: last.version }))
      } catch (error) {
        if (!isLost(error)) throw error
      }
    }
  }

  async clear(): Promise<void> {
    await this.#om.deleteMemories({ filters: { ...this.#filters, tags: { in: [this.#tag, this.#recordTag] } } })
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#adding.then(work)
    this.#adding = done.catch(() => undefined)
    return done
  }

  async #apply(operations: Operation[]): Promise<void> {
    if (operations.length === 0) return
    const results = await this.#om.applyOperations(operations)
    for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
  }

  /** Says that a change was made. It is true no longer, so that lists and searches leave it out. */
  #recordOf(name: string, digest: string): NewMemory & { id: string } {
    return {
      ...{ id: `${this.#recordTag}:${sha256(name).slice(0, 32)}`, content: `Change ${name}`, tags: [this.#recordTag] },
      ...{ ...this.#scope, metadata: { digest }, embed: false, valid_to: '1970' },
    }
  }

  async #isRecorded({ id, metadata }: NewMemory & { id: string }): Promise<boolean> {
    try {
      const known = await this.#om.getMemory(id)
      if (known.metadata.digest === metadata?.digest) return true
    } catch (error) {
      if (error instanceof OpenMemoryError && error.code === 'NOT_FOUND') return false
      throw error
    }
    const message = 'Session history operation was already applied with a different transaction.'
    throw failure('INVALID_ARGUMENT', message, { details: { field: 'operationId' } })
  }

  #memoryOf(item: ConversationItem, at: number): NewMemory {
    const { content, ...fields } = this.#fieldsOf(item, at)
    return { content, ...fields, ...this.#scope, tags: [this.#tag], embed: this.#textOf(item).trim() !== '' }
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

  #fieldsOf(item: ConversationItem, at: number): { content: string; metadata: { item: ConversationItem } } {
    const json = withoutBytes(item)
    if (json === undefined || item === null || typeof item !== 'object') {
      throw invalid(`items[${at}]`, 'must be an object')
    }
    const exact = wellFormed(json)
    return {
      content: contentOf(this.#textOf(item)) ?? (contentOf(exact) as string),
      metadata: { item: JSON.parse(exact) },
    }
  }
}

function itemOf({ metadata }: Memory): ConversationItem {
  return withBytes(metadata.item)
}

/** Whether another change came first. */
function isLost(error: unknown): boolean {
  return error instanceof OpenMemoryError && ['NOT_FOUND', 'VERSION_CONFLICT'].includes(error.code)
}

/** The text of a message's content, which is a text or a list of parts. */
export function messageText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.flatMap((part) => (typeof part?.text === 'string' ? [part.text] : [])).join('\n')
}

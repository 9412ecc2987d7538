// How is an item of LangGraph a memory? Its id is a digest of namespace and key, tags name each prefix of the namespace, the
// value is in the metadata, and the content is what a query is compared with.

import type { Item, PutOperation, SearchItem } from '@langchain/langgraph-checkpoint'
import type { Memory, MemoryMatch, NewMemory } from '../../../index'
import { invalid } from '../../errors'
import { sha256 } from '../sha256'
import { contentOf, wellFormed } from '../text'
import { textsAt } from './text-paths'

/** Labels of a namespace: a memory has 64 tags at most. */
const MAX_DEPTH = 64
/** Tags that are kept in memory: items share most prefixes of their namespaces. */
const MAX_TAGS = 10_000
/** Between texts that have a vector each. */
const TEXT_SEPARATOR = '\f'

export type Value = Record<string, unknown>

type NewItem = NewMemory & { id: string; content: string | null }

/** Items of one user; undefined if the store is not limited to one. */
export class Items {
  readonly #userId: string | undefined
  readonly #fields: readonly string[]
  readonly #ttlMs: number | undefined
  readonly #tags = new Map<string, string>()

  constructor(userId: string | undefined, fields: readonly string[], ttlMs: number | undefined) {
    if (!isPaths(fields)) throw invalid('fields', 'must be a list of paths into a value')
    this.#userId = userId
    this.#fields = fields
    this.#ttlMs = ttlMs
  }

  idOf(namespace: readonly string[], key: string): string {
    return `lg:${this.#digest(namespace, key)}`
  }

  /** For all namespaces that begin with these labels; label by label, so `acme` is not a prefix of `acme-corp`. */
  tagOf(prefix: readonly string[]): string {
    const labels = JSON.stringify(prefix)
    const known = this.#tags.get(labels)
    if (known !== undefined) return known
    const tag = `ns:${this.#digest(prefix).slice(0, 32)}`
    if (this.#tags.size === MAX_TAGS) this.#tags.clear()
    this.#tags.set(labels, tag)
    return tag
  }

  memoryOf({ namespace, key, value, index }: PutOperation): NewItem {
    if (namespace.length > MAX_DEPTH - 1) throw invalid('namespace', `has more than ${MAX_DEPTH - 1} labels`)
    if ((index ?? false) !== false && !isPaths(index)) {
      throw invalid('index', 'must be false, or a list of paths into the value')
    }
    const id = this.idOf(namespace, key)
    const stored = jsonOf(value)
    const content = index === false ? null : contentAt(stored, index ?? this.#fields)
    const prefixes = Array.from({ length: namespace.length + 1 }, (_, length) => namespace.slice(0, length))
    return {
      ...{ id, content, tags: prefixes.map((prefix) => this.tagOf(prefix)) },
      metadata: { namespace: JSON.stringify(namespace), key, value: stored as never },
      ...(this.#userId !== undefined && { user_id: this.#userId }),
      ...(this.#ttlMs !== undefined && { expires_at: new Date(Date.now() + this.#ttlMs) }),
    }
  }

  #digest(...parts: unknown[]): string {
    return sha256(JSON.stringify([this.#userId ?? null, ...parts]))
  }
}

function isPaths(paths: unknown): boolean {
  return Array.isArray(paths) && paths.every((path) => typeof path === 'string')
}

/** The texts of the fields; null if there are none. */
function contentAt(value: Value, fields: readonly string[]): string | null {
  const texts = fields.flatMap((field) => textsAt(value, field))
  return contentOf(texts.join(TEXT_SEPARATOR)) ?? null
}

export function itemOf({ metadata, created_at, updated_at }: Memory): Item {
  const { namespace, key, value } = metadata as unknown as Item & { namespace: string }
  return {
    ...{ namespace: namespaceOf(namespace), key, value },
    createdAt: new Date(created_at),
    updatedAt: new Date(updated_at),
  }
}

/** The labels of a namespace, which is kept as one text so that a store can list the distinct ones. */
function namespaceOf(text: string): string[] {
  return JSON.parse(text) as string[]
}

/** Parsed together, which takes half the time. */
export function namespacesOf(texts: readonly string[]): string[][] {
  return JSON.parse(`[${texts.join()}]`) as string[][]
}

export function matchOf(match: MemoryMatch): SearchItem {
  return { ...itemOf(match), score: match.score }
}

/** As JSON has it: without undefined fields, dates as texts. */
function jsonOf(value: unknown): Value {
  return JSON.parse(wellFormed(JSON.stringify(value))) as Value
}

// How is a file a memory? Its text is the content, its path is in the metadata, and tags name the path and each directory
// above it, so that a directory is a filter.

import type { Filters, Memory } from '../../../index'
import { invalid, OpenMemoryError } from '../../errors'
import { sha256 } from '../sha256'
import type { MemoryStore } from '../store'
import { queryOf } from '../text'
import { exactly, required, userOf } from '../user'
import { normalized, ROOT, tagOf, withParents } from './paths'

/** Stands for a text that no memory can have: one that is empty or blank. */
const BLANK = '(a blank file)'
/** How often a change begins again after another one came first. */
const MAX_ATTEMPTS = 10

export interface File {
  id: string
  version: number
  path: string
  text: string
}

/** A file that {@link searchMemoryFiles} found. */
export interface FileMatch {
  path: string
  text: string
  /** As of {@link MemoryMatch}. */
  score: number
}

export class MemoryFiles {
  readonly #om: MemoryStore
  readonly #userId: string | undefined
  readonly #actor: string

  constructor(om: MemoryStore, userId: string | undefined, actor: string) {
    this.#om = om
    this.#userId = userId
    this.#actor = actor
  }

  /** The file of this path alone, without reading a directory of this path. */
  async at(path: string): Promise<File | undefined> {
    const filters = { AND: [this.#filters(path), { 'metadata.path': { in: [path] } }] }
    const { memories } = await this.#om.listMemories({ filters, order: 'created_at:asc', limit: 1 })
    return memories.map(fileOf)[0]
  }

  /** The file of this path, and all files of the directory of this path. */
  async below(path: string): Promise<File[]> {
    const files: File[] = []
    const all = this.#om.iterateMemories({ filters: this.#filters(path), limit: 1000, order: 'created_at:asc' })
    for await (const memory of all) files.push(fileOf(memory))
    return files
  }

  /** Whether there is a file or a directory of this path. */
  async exists(path: string): Promise<boolean> {
    return (await this.#om.listMemories({ filters: this.#filters(path), limit: 1 })).memories.length > 0
  }

  /** @returns whether the path was free */
  async create(path: string, text: string): Promise<boolean> {
    // An id of its own for each path, so that of two calls one fails. A file that was moved keeps the id of its old path.
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await this.exists(path)) return false
      const id = `claude:${sha256(JSON.stringify([this.#userId ?? null, path, attempt]))}`
      const scope = this.#userId === undefined ? {} : { user_id: this.#userId }
      try {
        const { content, metadata } = contentOf(text)
        await this.#om.addMemory({ id, content, tags: this.#tagsOf(path), metadata: { path, ...metadata }, ...scope })
        return true
      } catch (error) {
        if (!isConflict(error)) throw error
      }
    }
    throw new Error(`The file ${path} is being changed by others; try again`)
  }

  /** Replaces the text by what `change` makes of it; again, if another change came first. */
  async edit(path: string, change: (text: string) => string): Promise<string | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const file = await this.at(path)
      if (file === undefined) return undefined
      const text = change(file.text)
      const { content, metadata } = contentOf(text)
      try {
        const how = { ifVersion: file.version, actor: this.#actor }
        await this.#om.updateMemory(file.id, { content, metadata }, how)
        return text
      } catch (error) {
        if (!isConflict(error)) throw error
      }
    }
    throw new Error(`The file ${path} is being changed by others; try again`)
  }

  /** @returns whether there was something to delete */
  async delete(path: string): Promise<boolean> {
    const { deleted } = await this.#om.deleteMemories({ filters: this.#filters(path) })
    return deleted > 0
  }

  /** Moves a file, or all files of a directory, in one transaction. */
  async move(from: string, to: string): Promise<boolean> {
    const files = await this.below(from)
    if (files.length === 0) return false
    if (files.length > 1000) throw new Error(`The directory ${from} has more than 1000 files; move them in parts`)
    const updates = files.map(({ id, version, path }) => {
      const target = normalized(to + path.slice(from.length))
      return { id, ifVersion: version, tags: this.#tagsOf(target), metadata: { path: target } }
    })
    const results = await this.#om.updateMemories(updates, { atomic: true, actor: this.#actor })
    for (const result of results) if (!result.ok && result.error.code !== 'ABORTED') throw result.error
    return true
  }

  #filters(path: string): Filters {
    return exactly({ user_id: this.#userId, tags: tagOf(path, this.#userId) })
  }

  #tagsOf(path: string): string[] {
    return withParents(path).map((above) => tagOf(above, this.#userId))
  }
}

/**
 * Finds files of Claude's memory by words and meaning, which the memory tool itself cannot.
 *
 * @param om The store.
 * @param query A question or a topic.
 * @param options Whose files, below which path, and how many; by default the 8 best of all.
 * @returns The files, best first.
 * @throws {ValidationError} `INVALID_ARGUMENT` for an option that is not valid.
 * @example
 * ```ts
 * const [best] = await searchMemoryFiles(om, 'Which tests are flaky?', { userId: 'ada' })
 * ```
 */
export async function searchMemoryFiles(
  om: MemoryStore,
  query: string,
  options: { userId?: string; path?: string; limit?: number } = {},
): Promise<FileMatch[]> {
  const { path = ROOT, limit } = options
  const text = queryOf(required(query, 'query'))
  if (text === undefined) throw invalid('query', 'must not be blank')
  const userId = userOf(options)
  const filters = exactly({ user_id: userId, tags: tagOf(normalized(path), userId) })
  const found = await om.searchMemories(text, { filters, ...(limit !== undefined && { limit }) })
  return found.map((match) => {
    const { path, text } = fileOf(match)
    return { path, text, score: match.score }
  })
}

function fileOf({ id, version, content, metadata }: Memory): File {
  const { path, text } = metadata as { path: string; text?: string }
  return { id, version, path, text: text ?? content }
}

/** A blank text is in the metadata. */
function contentOf(text: string): { content: string; metadata: { text: string | null } } {
  return text.trim() === '' ? { content: BLANK, metadata: { text } } : { content: text, metadata: { text: null } }
}

function isConflict(error: unknown): boolean {
  // A deleted id is not given again, and a file may go while it is edited.
  return error instanceof OpenMemoryError && ['VERSION_CONFLICT', 'NOT_FOUND'].includes(error.code)
}

// What is a memory as a document of LangChain?

import type { Filters, MemoryMatch } from '../../../index'
import type { MemoryStore } from '../store'
import { queryOf } from '../text'
import { exactly, userOf } from '../user'

/** Options of {@link MemoryRetriever}. */
export interface MemoryRetrieverOptions {
  /** Whose memories. Default: all memories of the store. */
  userId?: string
  /** Further conditions. */
  filters?: Filters
  /** Maximum number of documents, 1 to 1000. Default 8. */
  limit?: number
  /** Only memories with at least this score, 0 to 1. Default 0. */
  minScore?: number
}

/** A document's fields. */
export interface DocumentFields {
  id: string
  pageContent: string
  metadata: Record<string, unknown>
}

/** Searches with these options. */
export function searcher(om: MemoryStore, options: MemoryRetrieverOptions) {
  const { filters, limit = 8, minScore = 0 } = options
  const userId = userOf(options)
  const own = userId === undefined ? [] : [exactly({ user_id: userId })]
  const all = [...own, ...(filters === undefined ? [] : [filters])]
  return async (text: string): Promise<DocumentFields[]> => {
    const query = queryOf(text)
    if (query === undefined) return []
    const found = await om.searchMemories(query, { limit, minScore, ...(all.length > 0 && { filters: { AND: all } }) })
    return found.map(fieldsOf)
  }
}

/** The memory's own metadata, and below `memory` what is known of it. */
function fieldsOf({
  id,
  content,
  metadata,
  score,
  similarity,
  tags,
  created_at,
  version,
}: MemoryMatch): DocumentFields {
  return {
    id,
    pageContent: content,
    metadata: { ...metadata, memory: { score, similarity, tags, created_at, version } },
  }
}

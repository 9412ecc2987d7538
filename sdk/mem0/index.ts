// Programs that use `Memory` of `mem0ai/oss` change one import.

export {
  type AddMemoryOptions,
  type DeleteAllMemoryOptions,
  type GetAllMemoryOptions,
  type HistoryRecord,
  Memory,
  type MemoryConfig,
  type SearchMemoryOptions,
  type UpdateMemoryOptions,
} from './memory'
export type { Message } from './messages'
export type { AddResult, MemoryItem, SearchResult } from './records'
export type { SearchFilters } from './scope'

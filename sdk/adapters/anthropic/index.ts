// Claude's memory tool over memories: each file is one memory, and each edit a version of it.

export type { MemoryStore } from '../store'
export { type FileMatch, searchMemoryFiles } from './files'
export {
  executeMemoryCommand,
  type MemoryCommand,
  type MemoryToolHandlers,
  type MemoryToolOptions,
  memoryToolHandlers,
} from './handlers'

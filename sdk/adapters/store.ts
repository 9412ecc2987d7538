// Which store does an adapter work on? Any object with the methods of the contract: in this process or on a server.

import type { OpenMemory } from '../../index'

/** An `OpenMemory` of this package or of `@openmemory/sdk/remote`. */
export type MemoryStore = Pick<
  OpenMemory,
  | 'addMemory'
  | 'addMemories'
  | 'getMemory'
  | 'listMemories'
  | 'iterateMemories'
  | 'searchMemories'
  | 'context'
  | 'updateMemory'
  | 'updateMemories'
  | 'deleteMemory'
  | 'deleteMemories'
  | 'getHistory'
  | 'restoreMemory'
  | 'retireMemory'
  | 'reinforceMemory'
  | 'applyOperations'
  | 'facets'
  | 'touchMemories'
>

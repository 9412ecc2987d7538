// Memories for the Vercel AI SDK, versions 6 and 7: tools for the model, and a middleware that recalls by itself.

export type { MemoryToolName, MemoryToolsOptions } from '../model-tools'
export type { MemoryStore } from '../store'
export { type MemoryMiddleware, type MemoryMiddlewareOptions, memoryMiddleware } from './middleware'
export { type MemoryTool, type MemoryTools, memoryTools } from './tools'

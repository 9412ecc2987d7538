// Memories for the OpenAI Agents SDK: the history of a conversation as a session, and tools for the model.

export type { MemoryToolName, MemoryToolsOptions } from '../model-tools'
export type { MemoryStore } from '../store'
export { type HistoryMutation, MemorySession, type MemorySessionOptions, type SessionItem } from './session'
export { type MemoryTool, memoryTools } from './tools'
export type { HistoryTransaction, HistoryTransactionArgs } from './transaction'

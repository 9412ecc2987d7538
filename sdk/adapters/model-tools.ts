// Which memory tools does a framework give its model? Those of `openmemory mcp`, with the same names and arguments.

import { invalid, OpenMemoryError } from '../errors'
import { inToolSpelling, readArguments } from '../mcp/arguments'
import { pinnedTo } from '../mcp/pinned'
import { toolsFor } from '../mcp/tools'
import type { MemoryStore } from './store'
import { userOf } from './user'

/** The names of the tools. */
export type MemoryToolName =
  | 'add_memory'
  | 'search_memories'
  | 'get_memory'
  | 'update_memory'
  | 'delete_memory'
  | 'list_memories'
  | 'get_history'
  | 'restore_memory'
  | 'retire_memory'
  | 'reinforce_memory'
  | 'add_memories'
  | 'delete_memories'
  | 'list_users'

/** Options of a framework's memory tools. */
export interface MemoryToolsOptions {
  /**
   * Pins the tools to this user: whatever the model asks for, it neither sees nor changes memories of others. Default: all
   * memories of the store.
   */
  userId?: string
  /** Only these tools. Default: all. */
  tools?: readonly MemoryToolName[]
  /** Whom the history names for changes. Default: the name of the framework. */
  actor?: string
}

/** A tool before a framework has wrapped it. */
export interface ModelTool {
  name: MemoryToolName
  title: string
  description: string
  /** JSON Schema of the arguments. */
  parameters: JsonObjectSchema
  /** @returns what the model reads */
  run(args: unknown, signal?: AbortSignal): Promise<object>
}

export interface JsonObjectSchema {
  type: 'object'
  properties: Record<string, object>
  required: string[]
  additionalProperties: false
}

export function modelTools(om: MemoryStore, options: MemoryToolsOptions, framework: string): ModelTool[] {
  const { tools: chosen, actor = framework } = options
  const userId = userOf(options)
  const all = toolsFor(userId !== undefined)
  const unknown = chosen?.find((name) => !all.some((tool) => tool.name === name))
  if (unknown !== undefined) {
    throw invalid('tools', `names ${unknown}; the tools are ${all.map(({ name }) => name).join(', ')}`)
  }
  const memories = userId === undefined ? om : pinnedTo(userId, om)
  return all
    .filter(({ name }) => chosen === undefined || chosen.includes(name as MemoryToolName))
    .map((tool) => ({
      name: tool.name as MemoryToolName,
      ...{ title: tool.title, description: tool.description },
      parameters: {
        ...{ type: 'object', properties: structuredClone(tool.properties), required: [...tool.required] },
        additionalProperties: false,
      },
      run: async (args, signal) => {
        try {
          const { text } = await tool.run(memories, readArguments(tool, args), { actor, ...(signal && { signal }) })
          // Without fields that are undefined, as the model gets it.
          return JSON.parse(JSON.stringify(text)) as object
        } catch (error) {
          throw inToolSpelling(error)
        }
      },
    }))
}

/** What a model reads of an error, so that it can correct its call. */
export function errorText(error: unknown): string {
  if (!(error instanceof OpenMemoryError)) throw error
  const { code, message, details } = error
  return JSON.stringify({ code, message, details })
}

// The memory tools as the Agents SDK takes them: objects of the shape that its `tool()` makes.

import { errorText, type JsonObjectSchema, type MemoryToolsOptions, modelTools } from '../model-tools'
import type { MemoryStore } from '../store'

/** A function tool of the Agents SDK. */
export interface MemoryTool {
  type: 'function'
  name: string
  description: string
  parameters: JsonObjectSchema
  /** Optional arguments may be left out, which strict schemas do not know. */
  strict: false
  invoke(runContext: unknown, input: string, details?: { signal?: AbortSignal }): Promise<string>
  needsApproval(): Promise<boolean>
  isEnabled(): Promise<boolean>
}

/**
 * Gives an agent its memories as tools. A refused call is answered with `code`, `message` and `details`, so that the model
 * can correct it.
 *
 * @param om The store.
 * @param options `userId`, `tools` and `actor`.
 * @returns The tools.
 * @throws {ValidationError} `INVALID_ARGUMENT` if a tool is unknown or `userId` is undefined.
 * @example
 * ```ts
 * const agent = new Agent({ name: 'assistant', tools: memoryTools(om, { userId: 'ada' }) })
 * ```
 */
export function memoryTools(om: MemoryStore, options: MemoryToolsOptions = {}): MemoryTool[] {
  return modelTools(om, options, 'openai-agents').map(({ name, description, parameters, run }) => ({
    ...{ type: 'function', name, description, parameters, strict: false },
    invoke: async (_, input, details) => {
      try {
        return JSON.stringify(await run(argumentsOf(input), details?.signal))
      } catch (error) {
        return errorText(error)
      }
    },
    needsApproval: async () => false,
    isEnabled: async () => true,
  }))
}

/** What is not JSON is refused like any other wrong argument. */
function argumentsOf(input: string): unknown {
  if (input.trim() === '') return {}
  try {
    return JSON.parse(input)
  } catch {
    return input
  }
}

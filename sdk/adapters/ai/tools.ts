// The memory tools as the AI SDK takes them. By shape, because version 7 is an ES module only: a schema says what it is
// through the Standard Schema interface, so nothing has to be imported.

import { type JsonObjectSchema, type MemoryToolName, type MemoryToolsOptions, modelTools } from '../model-tools'
import type { MemoryStore } from '../store'

/** A tool of the AI SDK. */
export interface MemoryTool {
  title: string
  description: string
  inputSchema: StandardJsonSchema
  execute(input: unknown, options?: { abortSignal?: AbortSignal | undefined }): Promise<object>
}

/** Tools by name, as `generateText`, `streamText` and `ToolLoopAgent` take them. */
export type MemoryTools = Record<MemoryToolName, MemoryTool>

/** https://standardschema.dev, with JSON Schema. */
interface StandardJsonSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    // biome-ignore lint/suspicious/noExplicitAny: the tool judges its arguments itself, with errors that a model can use
    validate(value: unknown): { value: any }
    readonly jsonSchema: { input(): Record<string, unknown>; output(): Record<string, unknown> }
  }
}

/**
 * Gives a model its memories as tools. A refused call throws an `OpenMemoryError`, whose message the AI SDK passes on to
 * the model.
 *
 * @param om The store.
 * @param options `userId`, `tools` and `actor`.
 * @returns The tools, by name.
 * @throws {ValidationError} `INVALID_ARGUMENT` if a tool is unknown or `userId` is undefined.
 * @example
 * ```ts
 * const { text } = await generateText({ model, tools: memoryTools(om, { userId: 'ada' }), prompt, stopWhen: stepCountIs(5) })
 * ```
 */
export function memoryTools(om: MemoryStore, options: MemoryToolsOptions = {}): MemoryTools {
  const tools = modelTools(om, options, 'ai-sdk').map(({ name, title, description, parameters, run }) => [
    name,
    {
      title,
      description,
      inputSchema: schemaOf(parameters),
      execute: (input: unknown, options?: { abortSignal?: AbortSignal }) => run(input, options?.abortSignal),
    },
  ])
  return Object.fromEntries(tools) as MemoryTools
}

function schemaOf(parameters: JsonObjectSchema): StandardJsonSchema {
  // A copy each time: the AI SDK writes into it.
  const copy = () => structuredClone(parameters) as unknown as Record<string, unknown>
  return {
    '~standard': {
      ...{ version: 1, vendor: 'openmemory' },
      validate: (value) => ({ value }),
      jsonSchema: { input: copy, output: copy },
    },
  }
}

// What is a tool of a model?

import type { Answer } from './answer'
import type { Arguments, Schema } from './arguments'
import type { Memories } from './pinned'

export interface Tool {
  name: string
  title: string
  description: string
  properties: Record<string, Schema>
  required: string[]
  /** Accepted, but not shown: older names. */
  unlisted?: Record<string, Schema>
  /** Hints for the host: whether to ask its user first. */
  reads?: boolean
  destroys?: boolean
  /** JSON Schema of the data of its answer. */
  output: Schema
  run(memories: Memories, args: Arguments, call: ToolCall): Promise<Answer>
}

export interface ToolCall {
  /** The host's name, for the history. */
  actor: string | undefined
  /** Fires when the host no longer wants the answer. */
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

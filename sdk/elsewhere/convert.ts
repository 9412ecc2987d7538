// Which program has written a file, and what is in it?

import { invalid } from '../errors'
import { exportLines } from './export-lines'
import { isLangGraph, langGraphMemories } from './langgraph'
import { isMcpServer, mcpServerMemories } from './mcp-server'
import { isMem0, mem0Memories } from './mem0'
import type { ForeignMemory } from './memory'
import { isOpenMemory, openMemoryMemories } from './openmemory'
import { type Records, recordsOf } from './records'

interface Program {
  recognizes(records: Records): boolean
  memories(records: Records, options: ConvertOptions & { past?: Records }): ForeignMemory[]
}

/** The more particular ones first. */
const PROGRAMS: Record<string, Program> = {
  openmemory: { recognizes: isOpenMemory, memories: (records) => openMemoryMemories(records) },
  langgraph: { recognizes: isLangGraph, memories: (records, { userId }) => langGraphMemories(records, userId) },
  mcp: { recognizes: isMcpServer, memories: (records, { userId }) => mcpServerMemories(records, userId) },
  mem0: { recognizes: isMem0, memories: (records, { past }) => mem0Memories(records, past) },
}

export const PROGRAM_NAMES = Object.keys(PROGRAMS)

export interface ConvertOptions {
  /** The program; default: the one that its records show. */
  from?: string
  /** The file of Mem0's history. */
  history?: string
  /** Whose the memories are, of programs that know no users. */
  userId?: string
}

export interface Converted {
  from: string
  memories: number
  /** An export of ours. */
  lines: Iterable<Buffer>
}

/** Reads a file of another program as an export. */
export function convert(file: string, options: ConvertOptions): Converted {
  const records = recordsOf(file)
  const from = options.from ?? PROGRAM_NAMES.find((name) => PROGRAMS[name]?.recognizes(records))
  const program = from === undefined ? undefined : PROGRAMS[from]
  if (from === undefined || program === undefined) {
    throw invalid('file', `is no export, and none of ${PROGRAM_NAMES.join(', ')} has written it`)
  }
  if (options.history !== undefined && from !== 'mem0') throw invalid('history', 'is a file of mem0 only')
  const past = options.history === undefined ? undefined : recordsOf(options.history)
  const memories = program.memories(records, { ...options, ...(past !== undefined && { past }) })
  if (memories.length === 0) throw invalid('file', `has no memories of ${from}`)
  return { from, memories: memories.length, lines: exportLines(memories) }
}

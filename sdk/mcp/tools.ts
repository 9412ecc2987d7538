// Which tools does a model get? One for each thing that can be done with a memory, described for a model to choose from.

import type * as contract from '../../index'
import { describe } from '../arguments'
import { invalid } from '../errors'
import type { OpenMemory } from '../open-memory'

type Schema = Record<string, unknown>
// biome-ignore lint/suspicious/noExplicitAny: arguments are checked by the method that they go to
type Arguments = any

export interface Tool {
  name: string
  title: string
  description: string
  properties: Record<string, Schema>
  required: string[]
  /** Hints for the host: whether to ask its user first. */
  reads?: boolean
  destroys?: boolean
  /** `actor` is the host's name, kept in the history. */
  run(om: OpenMemory, args: Arguments, actor: string | undefined): Promise<object>
}

const id = { type: 'string', description: 'The id of the memory, such as mem_01h455vb4pex5vsknk084sn02q' }
const content = { type: 'string', minLength: 1, maxLength: 200_000, description: 'One fact, event or rule, in words' }
const tags = { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, maxItems: 64 }
const metadata = { type: 'object', description: 'Fields of JSON, such as {"source": "chat"}' }
const expiresAt = { type: ['string', 'null'], description: 'An ISO 8601 time from which on it is hidden' }
const reason = { type: 'string', description: 'Why, kept in the history' }
const ifVersion = { type: 'integer', minimum: 1, description: 'Only if the memory is at this version' }
const filters = {
  type: 'object',
  description:
    'Which memories: fields such as user_id, tags, created_at or metadata.source, with a value or operators, ' +
    'as in {"tags": "work", "created_at": {"gte": "2026-01-01"}}; AND, OR and NOT nest',
}

export const TOOLS: Tool[] = [
  {
    name: 'add_memory',
    title: 'Remember',
    description: 'Store a new memory. Search first: what is known already is better updated than added again.',
    properties: {
      content,
      tags,
      metadata,
      user_id: { type: 'string', description: 'Whom it is about' },
      agent_id: { type: 'string' },
      app_id: { type: 'string' },
      run_id: { type: 'string', description: 'The conversation that it belongs to' },
      expires_at: { ...expiresAt, type: 'string' },
    },
    required: ['content'],
    run: (om, args) => om.addMemory(args),
  },
  {
    name: 'search_memories',
    title: 'Search memories',
    description: 'Find memories by words and meaning, best first, each with a score from 0 to 1.',
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 8192, description: 'A question, or what it is about' },
      k: { type: 'integer', minimum: 1, maximum: 1000, default: 8, description: 'At most so many' },
      filters,
      min_score: { type: 'number', minimum: 0, maximum: 1 },
    },
    required: ['query'],
    reads: true,
    run: async (om, { query, min_score, ...rest }) => ({
      matches: await om.searchMemories(query, { ...rest, ...(min_score !== undefined && { minScore: min_score }) }),
    }),
  },
  {
    name: 'get_memory',
    title: 'Read a memory',
    description: 'Read one memory as it is, or as it was in an earlier version or at a time.',
    properties: { id, version: { type: 'integer', minimum: 1 }, at: { type: 'string', description: 'ISO 8601' } },
    required: ['id'],
    reads: true,
    run: (om, { id, ...options }) => om.getMemory(id, options),
  },
  {
    name: 'update_memory',
    title: 'Correct a memory',
    description:
      'Change a memory; what is not named stays. tags replaces all tags; metadata is merged, and null removes a field. ' +
      'Earlier versions stay readable.',
    properties: { id, content, tags, metadata, expires_at: expiresAt, reason, if_version: ifVersion },
    required: ['id'],
    run: (om, { id, reason, if_version, ...patch }, actor) =>
      om.updateMemory(id, patch, attribution(actor, reason, if_version)),
  },
  {
    name: 'delete_memory',
    title: 'Forget a memory',
    description: 'Delete a memory for good, with its history. To correct one, use update_memory.',
    properties: { id },
    required: ['id'],
    destroys: true,
    run: (om, { id }) => om.deleteMemory(id),
  },
  {
    name: 'list_memories',
    title: 'List memories',
    description: 'List memories, newest first, page by page.',
    properties: {
      filters,
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 20 },
      cursor: { type: 'string', description: 'next_cursor of the page before' },
    },
    required: [],
    reads: true,
    run: (om, args) => om.listMemories({ limit: 20, ...args }),
  },
  {
    name: 'get_history',
    title: 'How a memory changed',
    description: 'The versions of a memory, newest first: what changed, when, by whom and why.',
    properties: { id, limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } },
    required: ['id'],
    reads: true,
    run: async (om, { id, ...options }) => ({ versions: await om.getHistory(id, options) }),
  },
  {
    name: 'restore_memory',
    title: 'Undo a change',
    description: 'Bring back an earlier version of a memory, as a new version.',
    properties: { id, version: { type: 'integer', minimum: 1 }, reason, if_version: ifVersion },
    required: ['id', 'version'],
    run: (om, { id, version, reason, if_version }, actor) =>
      om.restoreMemory(id, version, attribution(actor, reason, if_version)),
  },
  {
    name: 'reinforce_memory',
    title: 'Reinforce a memory',
    description: 'Make a memory that proved useful more salient, so that it fades later.',
    properties: { id, boost: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.1 } },
    required: ['id'],
    run: (om, { id, ...options }) => om.reinforceMemory(id, options),
  },
]

/** A tool as `tools/list` shows it. */
export function described({ name, title, description, properties, required, reads, destroys }: Tool): object {
  return {
    ...{ name, title, description },
    inputSchema: { type: 'object', properties, required, additionalProperties: false },
    annotations: { title, readOnlyHint: reads === true, destructiveHint: destroys === true, openWorldHint: false },
  }
}

/** Refuses arguments that the tool does not have: a model learns from the name. */
export function checkArguments({ properties }: Tool, args: unknown): Arguments {
  if (args === undefined) return {}
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw invalid('arguments', `must be an object, not ${describe(args)}`)
  }
  for (const name of Object.keys(args)) {
    if (!Object.hasOwn(properties, name)) throw invalid(name, 'is not an argument of this tool')
  }
  return args
}

function attribution(
  actor: string | undefined,
  reason: string | undefined,
  ifVersion: number | undefined,
): contract.UpdateOptions {
  return {
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason }),
    ...(ifVersion !== undefined && { ifVersion }),
  }
}

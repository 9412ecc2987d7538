// Which tools work on several memories at once? A conversation's facts in one call, a deletion that was agreed to, and the users.

import type { AddedMemory, Filters, ItemResult, NewMemory } from '../../index'
import { invalid, OpenMemoryError, renamed } from '../errors'
import { brief, checkWhole, fitting } from './answer'
import * as schemas from './argument-schemas'
import { type Arguments, readArguments, type Schema } from './arguments'
import type { Memories } from './pinned'
import { selected } from './selection'
import type { Tool } from './tool'

const INTEGER = { type: 'integer' }
const TEXT = { type: 'string' }
/** Memories that a question about a deletion shows. */
const EXAMPLES = 5

const output = (properties: Record<string, Schema>, required: string[]) => ({ type: 'object', properties, required })

export function addMany(pinned: boolean): Tool {
  const { content, tags, validFrom, validTo, expiresAt, ifExists, metadata } = schemas
  const properties = {
    ...{ content, tags, metadata },
    ...(!pinned && { user_id: { type: 'string', description: 'The user this memory is about' } }),
    ...{ run_id: TEXT, valid_from: validFrom, valid_to: validTo, expires_at: expiresAt },
  }
  const accepted = { properties, required: ['content'] }
  return {
    name: 'add_memories',
    title: 'Remember several',
    description:
      'Store up to 100 new memories in one call, each one fact. Each has its own result: the others are stored if one is refused.',
    properties: {
      memories: {
        ...{ type: 'array', minItems: 1, maxItems: 100 },
        items: { type: 'object', ...accepted, additionalProperties: false },
      },
      if_exists: ifExists,
    },
    required: ['memories'],
    output: output(
      {
        added: INTEGER,
        results: {
          type: 'array',
          items: output(
            { ok: { type: 'boolean' }, id: TEXT, existed: { type: 'boolean' }, code: TEXT, message: TEXT },
            ['ok'],
          ),
        },
      },
      ['added', 'results'],
    ),
    run: async (memories, { memories: given, if_exists }, { signal, onProgress }) => {
      if (!Array.isArray(given)) throw invalid('memories', 'must be a list of objects')
      if (given.length > 100)
        throw invalid('memories', `has ${given.length} items; the maximum is 100`, 'LIMIT_EXCEEDED')
      const options = {
        ...{ ...(signal && { signal }), ...(onProgress && { onProgress }) },
        ...(if_exists && { ifExists: if_exists }),
      }
      const read = given.map((item, at) => attempt(() => prepared(readArguments(accepted, item)), at))
      const good = read.filter((item): item is NewMemory => !(item instanceof OpenMemoryError))
      const added = good.length > 0 ? await memories.addMemories(good, options) : []
      let next = 0
      const results = read.map((item) => {
        if (item instanceof OpenMemoryError) return { ok: false, ...problemOf(item) }
        const result = added[next++] as ItemResult<AddedMemory>
        return result.ok
          ? { ok: true, id: result.memory.id, ...(result.memory.existed && { existed: true }) }
          : { ok: false, ...problemOf(result.error) }
      })
      const data = { added: results.filter(({ ok }) => ok).length, results }
      return { text: data, data }
    },
  }
}

export function deleteMany(selection: Record<string, Schema>): Tool {
  return {
    name: 'delete_memories',
    title: 'Forget several memories',
    description:
      'Delete all memories of a user, a conversation, with tags or of a time permanently, with their history. Without agreed, ' +
      'nothing is deleted: the answer says how many there are, with examples. Ask the user, and pass that number as agreed.',
    properties: {
      ...selection,
      agreed: { ...INTEGER, minimum: 1, description: 'The number of memories that the user has agreed to delete' },
    },
    required: [],
    destroys: true,
    output: output(
      { deleted: INTEGER, would_delete: INTEGER, examples: { type: 'array', items: { type: 'object' } } },
      ['deleted'],
    ),
    run: async (memories, { agreed, ...args }, { signal, onProgress }) => {
      return selected(args, async ({ filters }: { filters?: Filters }) => {
        if (filters === undefined) {
          const names = Object.keys(selection).join(', ')
          throw invalid('tags', `is missing; say which memories by at least one of ${names}`)
        }
        const found = await counted(memories, filters)
        if (found === agreed && found > 0) {
          const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) }
          const { deleted } = await memories.deleteMemories({ filters }, options)
          return { text: { deleted }, data: { deleted } }
        }
        const page = await memories.listMemories({ filters, limit: EXAMPLES, ...HIDDEN_TOO })
        const examples = fitting(page.memories)
        const question = found === 0 ? 'There is nothing to delete.' : `Ask the user, then pass agreed: ${found}.`
        const counts = { deleted: 0, would_delete: found }
        return { text: { ...counts, examples: examples.map(brief), question }, data: { ...counts, examples } }
      })
    },
  }
}

export const listUsers: Tool = {
  name: 'list_users',
  title: 'List users',
  description: 'List the users who have memories, with how many, most first.',
  properties: { limit: { ...schemas.limit, default: 100 } },
  required: [],
  reads: true,
  output: output(
    {
      users: { type: 'array', items: output({ user_id: TEXT, memories: INTEGER }, ['user_id', 'memories']) },
      omitted: { ...INTEGER, description: 'Users beyond the limit' },
    },
    ['users'],
  ),
  run: async (memories, { limit = 100 }) => {
    const { values, distinct } = await memories.facets({ field: 'user_id', limit })
    const users = values.map(({ value, count }) => ({ user_id: value, memories: count }))
    const data = { users, ...(distinct > users.length && { omitted: distinct - users.length }) }
    return { text: data, data }
  },
}

/** What a deletion reaches and lists leave out. */
const HIDDEN_TOO = { showExpired: true, showRetired: true }

async function counted(memories: Memories, filters: Filters): Promise<number> {
  // Each memory has one primary sector.
  const { values } = await memories.facets({ field: 'primary_sector', filters, ...HIDDEN_TOO })
  return values.reduce((sum, { count }) => sum + count, 0)
}

function prepared(given: Arguments): NewMemory {
  const { expires_at, metadata, ...memory } = given ?? {}
  checkWhole(memory.content)
  return {
    ...memory,
    ...(expires_at !== undefined && expires_at !== 'never' && { expires_at }),
    ...(metadata !== undefined && { metadata: typeof metadata === 'string' ? objectIn(metadata) : metadata }),
  }
}

/** What is wrong with one item refuses that item only. */
function attempt<T>(work: () => T, at: number): T | OpenMemoryError {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof OpenMemoryError)) throw error
    const { field } = error.details
    return (typeof field === 'string' ? renamed(error, field, `memories[${at}].${field}`) : error) as OpenMemoryError
  }
}

/** The object that a text describes; anything else is left to the store to refuse. */
function objectIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function problemOf({ code, message }: OpenMemoryError): object {
  return { code, message }
}

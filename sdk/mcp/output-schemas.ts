// What does the data of an answer look like? Fields that an answer may leave out are optional, and there may be others.

import type { Schema } from './arguments'

const TEXT = { type: 'string' }
const NUMBER = { type: 'number' }
const VERSION = { type: 'integer', minimum: 1 }

const validity = { valid_from: TEXT, valid_to: TEXT, retired: { type: 'string', enum: ['ended', 'wrong'] } }

const memory = {
  id: TEXT,
  content: TEXT,
  ...validity,
  tags: { type: 'array', items: TEXT },
  metadata: { type: 'object', additionalProperties: true },
  ...{ created_at: TEXT, updated_at: TEXT, expires_at: TEXT, version: VERSION },
  left_out: { type: 'array', items: TEXT, description: 'Fields that were too long for this answer' },
}

/** `get_memory`, which returns long contents part by part. */
export const MEMORY = object({ ...memory, next_offset: { type: 'integer' } }, ['id', 'content', 'version'])

/** The memory after a change, or before it was deleted. */
export const CHANGED = object({ ...memory, existed: { type: 'boolean' }, deleted_at: TEXT }, [
  'id',
  'content',
  'version',
])

/** A text that a memory had before. */
const BEFORE = object({ content: TEXT, version: VERSION, valid_from: TEXT, until: TEXT }, ['content', 'version'])

export const MATCHES = object(
  {
    matches: list(
      object({ ...memory, score: NUMBER, similarity: NUMBER, current: { type: 'boolean' }, before: list(BEFORE) }, [
        ...['id', 'content', 'score'],
      ]),
    ),
    omitted: { type: 'integer', description: 'Results that did not fit' },
  },
  ['matches'],
)

export const CONTEXT = object(
  {
    context: { ...TEXT, description: 'Empty if no memory was found' },
    ids: { ...list(TEXT), description: 'The memories in it, in the order of their lines' },
    omitted: { type: 'integer', description: 'Memories that were found and did not fit' },
  },
  ['context', 'ids', 'omitted'],
)

export const LIST = object({ memories: list(object(memory, ['id', 'content', 'version'])), next_cursor: TEXT }, [
  'memories',
])

export const HISTORY = object(
  {
    versions: list(
      object(
        { version: VERSION, event: TEXT, content: TEXT, updated_at: TEXT, actor: TEXT, reason: TEXT, ...validity },
        ['version', 'event', 'content'],
      ),
    ),
    next_before: VERSION,
  },
  ['versions'],
)

function object(properties: Record<string, Schema>, required: string[]): Schema {
  return { type: 'object', properties, required }
}

function list(items: Schema): Schema {
  return { type: 'array', items }
}

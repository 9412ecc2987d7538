// Which arguments do tools have in common?

import { JSON_TEXT } from './arguments'

export const id = { type: 'string', description: 'The id of the memory, such as mem_01h455vb4pex5vsknk084sn02q' }
export const content = {
  type: 'string',
  minLength: 1,
  maxLength: 200_000,
  description: 'One fact, event or rule, as text',
}
export const tags = { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, maxItems: 64 }
export const metadata = {
  ...{ type: 'string', description: 'Further fields, as the text of a JSON object such as {"source": "chat"}' },
  [JSON_TEXT]: true,
}
/** Everything that a filter can say; hosts that are strict about schemas cannot describe it. */
export const filters = { type: 'object' }
export const version = { type: 'integer', minimum: 1 }
export const expiresAt = { type: 'string', description: 'Hide the memory from this ISO 8601 time on, or "never"' }
export const validFrom = {
  type: 'string',
  description: 'Since when it is true, or when it happened: 2024, 2024-05, 2024-05-17 or a time',
}
export const validTo = { type: 'string', description: 'Until when it is true: 2024, 2024-05, 2024-05-17 or a time' }
export const reason = { type: 'string', maxLength: 1024, description: 'Why, for the history' }
export const ifVersion = { ...version, description: 'Change the memory only if it is at this version' }
export const ifExists = {
  type: 'string',
  enum: ['add', 'skip', 'touch'],
  default: 'add',
  description: 'If the same text is already stored: add it again, keep it, or merge tags, metadata and expiry into it',
}
export const showRetired = {
  type: 'boolean',
  default: false,
  description: 'Include memories that are retired or have ended',
}
export const at = { type: 'string', description: 'What was true at this time: 2024, 2024-05, 2024-05-17 or a time' }
export const asOf = { type: 'string', description: 'What was stored at this ISO 8601 time' }
export const referenceTime = {
  type: 'string',
  description: 'When the question is asked: what "last month" refers to',
}
export const history = { type: 'integer', minimum: 0, maximum: 16, default: 2 }
export const correction = {
  type: 'boolean',
  default: false,
  description: 'The old content never was true, so its dates stay',
}
export const limit = { type: 'integer', minimum: 1, maximum: 1000, description: 'Maximum number of results' }

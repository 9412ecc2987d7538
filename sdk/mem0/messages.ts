// Which texts does an add of Mem0 have? Those of its messages, each a memory.

import { invalid } from '../errors'

export interface Message {
  role: string
  /** A text, or parts; those that are no text are left out. */
  content: string | object
}

export interface Text {
  content: string
  role: string
}

/** @throws {ValidationError} if there is nothing to store */
export function textsOf(messages: string | Message[]): Text[] {
  if (messages === undefined || messages === null) {
    throw invalid('messages', 'is required and cannot be undefined or null. Provide a string or array of messages.')
  }
  if (typeof messages === 'string') {
    if (messages.trim() === '') throw invalid('messages', 'string cannot be empty. Provide non-empty content.')
    return [{ content: messages, role: 'user' }]
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid('messages', 'array cannot be empty. Provide at least one message with non-empty content.')
  }
  const said = messages.filter(({ role }) => role !== 'system')
  const texts = said.map(({ role, content }) => ({ role, content: textOf(content) }))
  const stored = texts.filter(({ content }) => content.trim() !== '')
  if (said.length > 0 && stored.length === 0) {
    const problem = 'array cannot contain only blank content. Provide at least one message with non-empty content.'
    throw invalid('messages', problem)
  }
  return stored
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  const parts = Array.isArray(content) ? content : [content]
  return parts.flatMap((part) => (typeof part?.text === 'string' ? [part.text] : [])).join('\n')
}

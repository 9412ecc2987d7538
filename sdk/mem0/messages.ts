// Which texts does an add of Mem0 have? Those of its messages, each a memory.

import { invalid } from '../errors'

export interface Message {
  role: string
  /** A text, or parts; those that are no text are left out, and named in `left_out`. */
  content: string | object
}

export interface Text {
  content: string
  role: string
}

export interface Texts {
  texts: Text[]
  /** Paths of what is no text. */
  leftOut: string[]
}

/** @throws {ValidationError} if there is nothing to store */
export function textsOf(messages: string | Message[]): Texts {
  if (messages === undefined || messages === null) {
    throw invalid('messages', 'is required and cannot be undefined or null. Provide a string or array of messages.')
  }
  if (typeof messages === 'string') {
    if (messages.trim() === '') throw invalid('messages', 'string cannot be empty. Provide non-empty content.')
    return { texts: [{ content: messages, role: 'user' }], leftOut: [] }
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalid('messages', 'array cannot be empty. Provide at least one message with non-empty content.')
  }
  const leftOut: string[] = []
  const texts: Text[] = []
  for (const [at, message] of messages.entries()) {
    if (typeof message !== 'object' || message === null)
      throw invalid(`messages[${at}]`, 'must be an object with role and content')
    const { role, content } = message
    if (role === 'system') continue
    const field = `messages[${at}].content`
    const text = textOf(content, field, leftOut)
    if (text?.trim() === '') leftOut.push(field)
    else if (text !== undefined) texts.push({ content: text, role })
  }
  if (texts.length === 0 && messages.some(({ role }) => role !== 'system')) {
    const problem = 'array cannot contain only blank content. Provide at least one message with non-empty content.'
    throw invalid('messages', problem)
  }
  return { texts, leftOut }
}

/** Undefined if no part is a text. */
function textOf(content: unknown, field: string, leftOut: string[]): string | undefined {
  if (typeof content === 'string') return content
  if (content !== undefined && content !== null && typeof content !== 'object') {
    throw invalid(field, 'must be a string, a part or an array of parts')
  }
  if (!Array.isArray(content)) {
    const text = textOfPart(content)
    if (text === undefined) leftOut.push(field)
    return text
  }
  if (content.length === 0) leftOut.push(field)
  const found = content.map(textOfPart)
  leftOut.push(...found.flatMap((text, at) => (text === undefined ? [`${field}[${at}]`] : [])))
  const texts = found.filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts.join('\n')
}

function textOfPart(part: unknown): string | undefined {
  const { text } = (part ?? {}) as { text?: unknown }
  return typeof text === 'string' ? text : undefined
}

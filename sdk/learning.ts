// What does a call that learns send? Plain data, with times as text, and without what the caller wants redacted.

import type * as contract from '../index'
import type { PlainObject } from './backend'
import { invalid } from './errors'
import { checkItems, checkRecord, describe, isoTime } from './validate/arguments'
import { isPlainObject } from './validate/json'

type Redact = contract.LearnOptions['redact']

/** The messages or the text, as the engine reads them. */
export function conversation(input: string | readonly contract.Message[], redact: Redact): PlainObject {
  const patterns = patternsOf(redact)
  const cleaned = (text: unknown) =>
    typeof text === 'string' ? patterns.reduce((clean, pattern) => clean.replace(pattern, '[redacted]'), text) : text
  if (typeof input === 'string') return { text: cleaned(input) }
  const messages = checkItems(input, 'messages').map((message, index) => {
    const name = `messages[${index}]`
    if (!isPlainObject(message)) throw invalid(name, `must be a plain object, not ${describe(message)}`)
    const { at, content, ...rest } = message as contract.Message
    const text = typeof content === 'string' ? cleaned(content) : content
    const said = at === undefined ? {} : { at: isoTime(at, `${name}.at`) }
    return checkRecord({ ...rest, content: text, ...said }, name)
  })
  return { messages }
}

/** Whether the engine redacts what has the shape of a secret; patterns of the caller come on top of that. */
export function redacts(redact: Redact): boolean | undefined {
  return Array.isArray(redact) ? true : (redact as boolean | undefined)
}

function patternsOf(redact: Redact): RegExp[] {
  if (redact === undefined || typeof redact === 'boolean') return []
  if (!Array.isArray(redact) || !redact.every((pattern) => pattern instanceof RegExp)) {
    throw invalid('redact', 'must be true, false or a list of regular expressions')
  }
  // Of each text everything that matches, not the first match only.
  return redact.map(({ source, flags }) => new RegExp(source, flags.includes('g') ? flags : `${flags}g`))
}

// Is this UTF-8? What is not must not become text with replacement characters in it.

import { invalid } from './errors'

/** The text, without a byte order mark. @throws {ValidationError} naming `field`. */
export function utf8(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(field, 'must be UTF-8; the bytes are in another encoding, or damaged')
  }
}

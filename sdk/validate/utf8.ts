// Are these bytes UTF-8? Invalid bytes must not turn into replacement characters.

import { invalid } from '../errors'

/** The text, without a byte order mark. @throws {ValidationError} naming `field`. */
export function utf8(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid(field, 'must be UTF-8; the bytes are damaged or in another encoding')
  }
}

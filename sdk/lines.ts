// How is a stream split into lines? As bytes, so that no character is split.

import type { Readable } from 'node:stream'

/** The lines of a stream, as they arrive. Returns the text after the last line break. */
export async function* linesOf(input: Readable): AsyncGenerator<Buffer, Buffer, undefined> {
  let begun: Buffer[] = []
  for await (const piece of input) {
    let rest = Buffer.isBuffer(piece) ? piece : Buffer.from(piece)
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield Buffer.concat([...begun, rest.subarray(0, end)])
      begun = []
      rest = rest.subarray(end + 1)
    }
    begun.push(rest)
  }
  return Buffer.concat(begun)
}

// How is a stream split into lines? As bytes, so that no character is split.

const NEWLINE = 0x0a

/** The lines of a stream, as they arrive. Returns the text after the last line break. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array, Uint8Array, undefined> {
  const encoder = new TextEncoder()
  let begun: Uint8Array[] = []
  for await (const piece of input) {
    let rest = typeof piece === 'string' ? encoder.encode(piece) : piece
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield joined([...begun, rest.subarray(0, end)])
      begun = []
      rest = rest.subarray(end + 1)
    }
    begun.push(rest)
  }
  return joined(begun)
}

function joined(pieces: Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

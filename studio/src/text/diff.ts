// Which words changed between two texts? A longest common subsequence of words, after what both begin and end with.

export interface Piece {
  kind: 'same' | 'gone' | 'new'
  text: string
}

/** Texts with more differing words than this are compared as wholes. */
const MAX_WORDS = 1500

export function diffWords(before: string, after: string): Piece[] {
  const [one, other] = [words(before), words(after)]
  let start = 0
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1
  let end = 0
  const most = Math.min(one.length, other.length) - start
  while (end < most && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1
  const middle = compare(one.slice(start, one.length - end), other.slice(start, other.length - end))
  return merged([
    { kind: 'same', text: one.slice(0, start).join('') },
    ...middle,
    { kind: 'same', text: end > 0 ? one.slice(-end).join('') : '' },
  ])
}

function words(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu) ?? []
}

function compare(one: string[], other: string[]): Piece[] {
  if (one.length === 0 || other.length === 0 || one.length > MAX_WORDS || other.length > MAX_WORDS) {
    return [
      { kind: 'gone', text: one.join('') },
      { kind: 'new', text: other.join('') },
    ]
  }
  const width = other.length + 1
  const common = new Uint16Array((one.length + 1) * width)
  const cell = (i: number, j: number) => common[i * width + j] as number
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = one[i] === other[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1))
    }
  }
  const pieces: Piece[] = []
  let [i, j] = [0, 0]
  while (i < one.length && j < other.length) {
    if (one[i] === other[j]) {
      pieces.push({ kind: 'same', text: one[i] as string })
      i += 1
      j += 1
    } else if (cell(i + 1, j) >= cell(i, j + 1)) {
      pieces.push({ kind: 'gone', text: one[i] as string })
      i += 1
    } else {
      pieces.push({ kind: 'new', text: other[j] as string })
      j += 1
    }
  }
  pieces.push({ kind: 'gone', text: one.slice(i).join('') }, { kind: 'new', text: other.slice(j).join('') })
  return pieces
}

/** Neighbours of a kind as one, and a space between two changes as part of both. */
function merged(pieces: Piece[]): Piece[] {
  const result: Piece[] = []
  const push = (kind: Piece['kind'], text: string) => {
    if (text === '') return
    const last = result.at(-1)
    if (last?.kind === kind) last.text += text
    else result.push({ kind, text })
  }
  let [gone, fresh] = ['', '']
  const settle = () => {
    push('gone', gone)
    push('new', fresh)
    gone = ''
    fresh = ''
  }
  pieces.forEach((piece, at) => {
    if (piece.kind === 'gone') gone += piece.text
    else if (piece.kind === 'new') fresh += piece.text
    else if ((gone || fresh) && /^\s+$/.test(piece.text) && pieces[at + 1] && pieces[at + 1]?.kind !== 'same') {
      gone += piece.text
      fresh += piece.text
    } else {
      settle()
      push('same', piece.text)
    }
  })
  settle()
  return result
}

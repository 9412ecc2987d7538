// Which words of a text does a question have? Folded and without common endings: a hint for the eye, not the ranking itself.

export interface Marked {
  text: string
  hit: boolean
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu
/** Words that are in most questions. */
const COMMON = new Set(
  (
    'a an and are as at be but by did do does for from had has have he her his how i in is it its me my of on or our she ' +
    'that the their them they this to was we were what when where which who why will with you your ' +
    'der die das und ist ein eine was wer wie wo wann le la les de des et est un une el los las que y es'
  ).split(' '),
)

export function markWords(text: string, question: string): Marked[] {
  const stems = new Set((question.match(WORD) ?? []).filter((word) => !COMMON.has(word.toLowerCase())).map(stem))
  const pieces: Marked[] = []
  let from = 0
  for (const found of text.matchAll(WORD)) {
    if (!stems.has(stem(found[0]))) continue
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), hit: false })
    pieces.push({ text: found[0], hit: true })
    from = found.index + found[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false })
  return pieces
}

function stem(word: string): string {
  const folded = word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const cut = folded.replace(/(ing|ies|ied|ed|es|en|er|e|s|n|y)$/u, '')
  return cut.length >= 3 ? cut : folded
}

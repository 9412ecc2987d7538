// A text with the words that a question has.

import { markWords } from '../text/match'

export function MarkedText({ text, question }: { text: string; question: string }) {
  return <>{markWords(text, question).map(({ text, hit }, at) => (hit ? <mark key={at}>{text}</mark> : text))}</>
}

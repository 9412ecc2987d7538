// Which texts are embedded? Sentences of common words that are single tokens, so that token ids are known without a
// tokenizer and every text has exactly the requested length.

import { readFileSync } from 'node:fs'
import { between, randomFrom } from './random.mjs'

const { vocab } = JSON.parse(readFileSync(new URL('../model/tokenizer.json', import.meta.url), 'utf8')).model
const begin = vocab['[CLS]']
const end = vocab['[SEP]']
const stop = vocab['.']
const unknown = vocab['[UNK]']
// The vocabulary is ordered by frequency.
const words = Object.keys(vocab)
  .filter((word) => /^[a-z]{3,}$/.test(word))
  .slice(0, 6000)

/** A deterministic source of distinct texts. */
export function texts(seed) {
  const random = randomFrom(seed)
  return {
    /** A text of `tokens` tokens including the two special ones, with their ids. */
    next(tokens) {
      const sentences = []
      const ids = [begin]
      let left = tokens - 2
      while (left > 0) {
        // The remainder must be long enough for a sentence: two words and a full stop.
        const length = left <= 15 ? left : Math.min(between(random, 8, 15), left - 3)
        const chosen = Array.from({ length: length - 1 }, () => words[between(random, 0, words.length)])
        ids.push(...chosen.map((word) => vocab[word]), stop)
        sentences.push(`${chosen[0][0].toUpperCase()}${chosen.join(' ').slice(1)}.`)
        left -= length
      }
      ids.push(end)
      return { text: sentences.join(' '), ids }
    },
  }
}

/** The token ids of such a text. Words outside the vocabulary are unknown tokens. */
export function idsOf(text) {
  const parts = text.toLowerCase().match(/[a-z]+|\S/g) ?? []
  return [begin, ...parts.slice(0, 254).map((part) => vocab[part] ?? unknown), end]
}

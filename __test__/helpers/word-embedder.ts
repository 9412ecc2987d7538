// An embedding function that hashes words and records the texts.

import type { FunctionEmbedder } from '@openmemory/sdk'

export interface WordEmbedder {
  embedder: FunctionEmbedder
  /** All embedded texts, in order. */
  texts: string[]
}

export function wordEmbedder(id = 'words', dimensions = 32): WordEmbedder {
  const texts: string[] = []
  const embedder: FunctionEmbedder = {
    id,
    dimensions,
    async embed(asked) {
      texts.push(...asked)
      return asked.map((text) => vectorOf(text, dimensions))
    },
  }
  return { embedder, texts }
}

function vectorOf(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0)
  vector[0] = 0.01 // Never of length 0.
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    let place = 0
    for (const character of word) place = (place * 31 + (character.codePointAt(0) as number)) % dimensions
    vector[place] = (vector[place] as number) + 1
  }
  return vector
}

// Which memories fit into a prompt, if the caller counts the tokens? The engine writes the lines; here the best ones are chosen,
// as it would choose them itself.

import type { ContextBlock, ContextMemory } from '../index'

/** More than any block has. */
export const ALL_TOKENS = 10_000_000

export interface Budget {
  /** At most so many tokens. */
  tokens: number
  countTokens: (text: string) => number
  order: 'relevance' | 'time'
}

/** The best memories of a block that has all, best first, as far as they fit. */
export function fitted<M extends object>(all: ContextBlock<M>, budget: Budget): ContextBlock<M> {
  const [open = '', about = ''] = all.text.split('\n')
  const written = (memories: ContextMemory<M>[]) =>
    [open, about, ...memories.map(({ line }) => line), all.text.slice(all.text.lastIndexOf('\n') + 1)].join('\n')
  let memories: ContextMemory<M>[] = []
  let text = ''
  for (const { short_line, ...memory } of all.memories) {
    // Without what was before, if only that is too long.
    const whole = short_line === undefined ? [] : [{ ...memory, short_line }]
    for (const one of [...whole, { ...memory, line: short_line ?? memory.line }]) {
      const more = ordered([...memories, one as ContextMemory<M>], budget.order)
      const longer = written(more)
      if (budget.countTokens(longer) > budget.tokens) continue
      memories = more
      text = longer
      break
    }
  }
  const tokens = text === '' ? 0 : budget.countTokens(text)
  return { text, memories, tokens, omitted: all.memories.length - memories.length }
}

/** Newest truth first, or as they were found. */
function ordered<M extends object>(memories: ContextMemory<M>[], order: Budget['order']): ContextMemory<M>[] {
  if (order === 'relevance') return memories
  const since = ({ valid_from, created_at }: ContextMemory<M>) => valid_from ?? created_at
  return memories.sort((a, b) => (since(a) === since(b) ? 0 : since(a) < since(b) ? 1 : -1))
}

// A store and a filter that take long together: long texts, and much to look for in each of them.

import type { Filters, NewMemory } from '@openmemory/sdk'

export const longTexts: NewMemory[] = Array.from({ length: 200 }, (_, n) => ({
  content: `${n} ${'lorem ipsum dolor sit amet '.repeat(740)}`,
}))

// Each begins as the texts go on, so that none is passed over at its first letter.
const almostThere = Array.from({ length: 26 }, (_, n) => `${'ipsum dolor sit amet lorem '.slice(n)}x`)

/** Matches nothing, and no index can tell. */
export const slowFilter: Filters = {
  OR: Array.from({ length: 25 }, () => ({ keywords: { icontains: almostThere } })) as unknown as Filters[],
}

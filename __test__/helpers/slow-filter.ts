// A store and a filter that are slow together: long texts, and many substrings to search them for.

import type { Filters, NewMemory } from '@openmemory/sdk'

export const longTexts: NewMemory[] = Array.from({ length: 200 }, (_, n) => ({
  content: `${n} ${'lorem ipsum dolor sit amet '.repeat(740)}`,
}))

// Each is a rotation of the repeated text, so that mismatches are found late.
const almostThere = Array.from({ length: 26 }, (_, n) => `${'ipsum dolor sit amet lorem '.slice(n)}x`)

/** Matches nothing, and cannot use an index. */
export const slowFilter: Filters = {
  OR: Array.from({ length: 25 }, () => ({ keywords: { icontains: almostThere } })) as unknown as Filters[],
}

// A store and a filter that take long together: long texts, and much to look for in each of them.

import type { Filters, NewMemory } from '@openmemory/sdk'

export const longTexts: NewMemory[] = Array.from({ length: 200 }, (_, n) => ({
  content: `${n} ${'lorem ipsum dolor sit amet '.repeat(740)}`,
}))

/** Matches nothing, and no index can tell. */
export const slowFilter: Filters = {
  OR: Array.from({ length: 100 }, (_, n) => ({
    keywords: { icontains: ['lorem ipsum dolor sit lorem', `dolor sit amet ${n}`, 'ipsum dolor sit ipsum'] },
  })) as unknown as Filters[],
}

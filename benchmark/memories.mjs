// Which memories are the stores filled with?

import { between, randomFrom } from './random.mjs'
import { texts } from './texts.mjs'

const CATEGORIES = ['work', 'travel', 'health', 'home', 'hobby', 'family', 'food', 'money']

/** `count` memories of one user with three tags and five fields each. */
export function memories(count, { seed, user_id, tokens = 30 }) {
  const random = randomFrom(seed)
  const prose = texts(seed)
  const category = () => CATEGORIES[between(random, 0, CATEGORIES.length)]
  return Array.from({ length: count }, (_, index) => ({
    id: `${user_id}-${index}`,
    user_id,
    content: prose.next(tokens).text,
    tags: [category(), `week-${between(random, 1, 53)}`, `topic-${between(random, 0, 200)}`],
    metadata: {
      category: category(),
      source: 'conversation',
      year: between(random, 2015, 2026),
      confidence: Math.round(random() * 100) / 100,
      verified: random() < 0.5,
    },
  }))
}

/** Adds the memories to one of our stores in batches. */
export async function remember(om, list) {
  for (let from = 0; from < list.length; from += 1000) {
    const results = await om.addMemories(list.slice(from, from + 1000))
    const failed = results.find((result) => !result.ok)
    if (failed) throw failed.error
  }
}

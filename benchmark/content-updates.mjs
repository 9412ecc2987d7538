// How much longer does a content update take than embedding its text?

import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'
import { inTurns, timed } from './rounds.mjs'
import { texts } from './texts.mjs'

const LENGTHS = [12, 30, 60, 120, 250]

export async function* measure({ directory, quick }) {
  const om = new OpenMemory({ path: join(directory, 'content'), durability: 'flush' })
  try {
    for (const tokens of LENGTHS) {
      const prose = texts(tokens)
      const { id } = await om.addMemory({ content: prose.next(tokens).text, user_id: 'ada' })
      yield {
        measure: `content update, ${tokens} tokens`,
        unit: 'ms',
        ...(await inTurns({
          rounds: quick ? 2 : 61,
          ours: () => timed(() => om.updateMemory(id, { content: prose.next(tokens).text })),
          other: () => timed(() => embedOnly(om, prose.next(tokens).text)),
        })),
        than: 'its embedding alone',
        goal: { atMost: 1.15 },
      }
    }
  } finally {
    await om.close()
  }
}

/** A search that finds nothing, so that only the query is embedded. */
export async function embedOnly(om, text) {
  const found = await om.searchMemories(text, { filters: { user_id: 'nobody' } })
  if (found.length > 0) throw new Error('the user must not have memories')
}

// How fast is a text embedded, compared with onnxruntime and the same model file?
//
// Ours includes everything from text to result through the public interface. onnxruntime gets token ids, without the
// cost of the tokenizer, and does the pooling. Each embeds one text at a time on one thread.

import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'
import { embedOnly } from './content-updates.mjs'
import { onnxruntime } from './onnxruntime.mjs'
import { inTurns, timed } from './rounds.mjs'
import { texts } from './texts.mjs'

const LENGTHS = [12, 30, 60, 120, 250]

export async function* measure({ directory, quick }) {
  const om = new OpenMemory({ path: join(directory, 'embedding') })
  const embed = await onnxruntime()
  try {
    const note = `cosines differ by up to ${(await difference(om, embed)).toExponential(1)}`
    for (const tokens of LENGTHS) {
      // Both embed the same texts, and no text twice.
      const [prose, same] = [texts(tokens), texts(tokens)]
      yield {
        measure: `embedding, ${tokens} tokens`,
        unit: 'ms',
        ...(await inTurns({
          rounds: quick ? 2 : 61,
          ours: () => timed(() => embedOnly(om, prose.next(tokens).text)),
          other: () => timed(() => embed(same.next(tokens).ids)),
        })),
        than: 'onnxruntime-node',
        goal: goal(tokens),
        note,
      }
    }
  } finally {
    await om.close()
  }
}

/** There is no goal between 60 and 250 tokens. */
function goal(tokens) {
  if (tokens <= 60) return { atMost: 1.25 }
  return tokens === 250 ? { atMost: 1.4 } : undefined
}

/** Verifies that both compute the same: the largest difference of their cosines. */
async function difference(om, embed) {
  const prose = texts(0)
  const pairs = Array.from({ length: 10 }, () => [prose.next(12), prose.next(12)])
  let most = 0
  for (const [index, [one, two]] of pairs.entries()) {
    const user_id = `pair-${index}`
    await om.addMemory({ content: one.text, user_id })
    const [{ similarity }] = await om.searchMemories(two.text, { filters: { user_id } })
    const [a, b] = [await embed(one.ids), await embed(two.ids)]
    const cosine = a.reduce((sum, value, at) => sum + value * b[at], 0)
    most = Math.max(most, Math.abs(similarity - Math.max(0, cosine)))
  }
  return most
}

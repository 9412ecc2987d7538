// Use your own embedding function instead of the shipped model, for example to call a hosted model, and migrate a store
// to another embedder. `node examples/custom-embedder.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))

/** Hashes each trigram of letters to one dimension: crude, but it needs no network. */
function letters(dimensions) {
  const vectorOf = (text) => {
    const vector = new Float32Array(dimensions)
    const padded = ` ${text.toLowerCase()} `
    for (let at = 0; at + 3 <= padded.length; at++) {
      const code = [...padded.slice(at, at + 3)].reduce((sum, letter) => sum * 31 + letter.codePointAt(0), 7)
      vector[code % dimensions] += 1
    }
    return vector
  }
  return { id: `letters-${dimensions}`, dimensions, embed: async (texts) => texts.map(vectorOf) }
}

const om = new OpenMemory({ path, embedder: letters(256) })
await om.addMemories([{ content: 'The gardener waters the roses' }, { content: 'The baker bakes bread' }])
const [best] = await om.searchMemories('gardening')
console.log(best.content)
await om.close()

// Vectors of different models cannot be compared, so the store rejects another model until reindex() has run.
const other = new OpenMemory({ path, embedder: letters(512) })
const refused = await other.searchMemories('gardening').catch((error) => error)
console.log(refused.code)
await other.reindex()
console.log((await other.searchMemories('baking'))[0].content)

await other.close()
rmSync(path, { recursive: true })

// Prints:
// The gardener waters the roses
// MODEL_MISMATCH
// The baker bakes bread

// A model is what its files are, not where they are: where the package is not on disk, a copy of its model is named.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { freshDirectory, openEmbedded } from './helpers/store'

const SHIPPED = join(__dirname, '..', 'model')

/** Both files under other names, elsewhere. */
function copyOfTheShippedModel() {
  const folder = freshDirectory()
  const [model, tokenizer] = [join(folder, 'a.onnx'), join(folder, 'b.json')]
  copyFileSync(join(SHIPPED, 'all-MiniLM-L6-v2.onnx'), model)
  copyFileSync(join(SHIPPED, 'tokenizer.json'), tokenizer)
  return { model, tokenizer }
}

test('a store that the shipped model has filled opens with a copy of it, and the other way round', async () => {
  const path = freshDirectory()
  const copy = copyOfTheShippedModel()
  const shipped = openEmbedded({ path, embedder: undefined })
  await shipped.addMemory({ id: 'cat', content: 'Ada has a cat' })
  const { model } = await shipped.stats()
  await shipped.close()

  const copied = openEmbedded({ path, embedder: copy })
  await copied.addMemory({ id: 'cello', content: 'Ada plays the cello' })
  expect((await copied.stats()).model).toEqual(model)
  expect((await copied.searchMemories('Which pet is there?'))[0]?.id).toBe('cat')
  await copied.close()

  const again = openEmbedded({ path, embedder: undefined })
  expect((await again.searchMemories('Which instrument?'))[0]?.id).toBe('cello')
})

test('the same files pooled in another way are another model', async () => {
  const path = freshDirectory()
  const copy = copyOfTheShippedModel()
  const mean = openEmbedded({ path, embedder: copy })
  await mean.addMemory({ content: 'Ada has a cat' })
  await mean.close()
  const first = openEmbedded({ path, embedder: { ...copy, pooling: 'cls' } })
  expect((await refusal(first.searchMemories('pet'))).code).toBe('MODEL_MISMATCH')
})

test('OPENMEMORY_MODEL_DIR names the directory of a copy', async () => {
  const path = freshDirectory()
  const filled = openEmbedded({ path, embedder: undefined })
  await filled.addMemory({ id: 'cat', content: 'Ada has a cat' })
  await filled.close()
  const folder = freshDirectory()
  for (const name of ['all-MiniLM-L6-v2.onnx', 'tokenizer.json']) copyFileSync(join(SHIPPED, name), join(folder, name))
  const before = process.env.OPENMEMORY_MODEL_DIR
  try {
    process.env.OPENMEMORY_MODEL_DIR = freshDirectory()
    const missing = openEmbedded({ path, embedder: undefined })
    expect((await refusal(missing.searchMemories('pet'))).code).toBe('MODEL_UNAVAILABLE')
    await missing.close()
    process.env.OPENMEMORY_MODEL_DIR = folder
    const found = openEmbedded({ path, embedder: undefined })
    expect((await found.searchMemories('Which pet is there?'))[0]?.id).toBe('cat')
  } finally {
    if (before === undefined) delete process.env.OPENMEMORY_MODEL_DIR
    else process.env.OPENMEMORY_MODEL_DIR = before
  }
})

// What is tried in every runtime and every way of loading: add, correct, find, read the earlier version, close.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export async function correctAndFind({ OpenMemory, NotFoundError }, embedder) {
  const path = mkdtempSync(join(tmpdir(), 'openmemory-matrix-'))
  const om = new OpenMemory({ path, embedder })
  try {
    const { id } = await om.addMemory({ content: 'Ada drinks tea', tags: ['taste'], metadata: { source: 'chat' } })
    await om.addMemory({ content: 'The train to Porto leaves at nine' })
    await om.updateMemory(id, { content: 'Ada drinks coffee now', metadata: { verified: true } })
    const [best] = await om.searchMemories('What does Ada drink?')
    const before = await om.getMemory(id, { version: 1 })
    const error = await om.getMemory('nobody').catch((error) => error)
    const actual = [
      best.content,
      best.version,
      JSON.stringify(best.metadata),
      before.content,
      error instanceof NotFoundError,
    ]
    const expected = ['Ada drinks coffee now', 2, '{"source":"chat","verified":true}', 'Ada drinks tea', true]
    if (actual.join() !== expected.join()) throw new Error(`expected ${expected}, got ${actual}`)
  } finally {
    await om.close()
    rmSync(path, { recursive: true, force: true })
  }
}

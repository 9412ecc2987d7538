// Reads that are ready at once must not keep JavaScript from everything else.

import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

test('timers fire while reads are awaited one after the other', async () => {
  const om = openStore({ embedder: wordEmbedder().embedder })
  const { id } = await om.addMemory({ content: 'green tea' })
  const reads = [
    () => om.getMemory(id),
    () => om.searchMemories('green tea'),
    () => om.getMemory('mem_01kgk0000000000000000000000').catch(() => undefined),
  ]
  for (const read of reads) {
    await read()
    let fired = false
    setTimeout(() => {
      fired = true
    }, 1)
    const end = performance.now() + 10_000
    while (!fired && performance.now() < end) await read()
    expect(fired).toBe(true)
  }
})

test('the event loop runs between many concurrent searches', async () => {
  const om = openStore({ embedder: wordEmbedder().embedder })
  await om.addMemories(Array.from({ length: 300 }, (_, n) => ({ content: `green thing ${n}` })))
  await om.searchMemories('green tea')
  let [answered, turns] = [0, 0]
  const searches = Array.from({ length: 300 }, async () => {
    await om.searchMemories('green tea')
    answered += 1
  })
  while (answered < searches.length) {
    await setImmediate()
    turns += 1
  }
  await Promise.all(searches)
  expect(turns).toBeGreaterThan(1)
})

// The story: an agent is killed in the middle of its work. Every acknowledged write must survive.

import { expect, test } from '@jest/globals'
import { exitOf, nextMessage, start } from './helpers/child'
import { freshDirectory, openStore } from './helpers/store'

test('every acknowledged write survives kill -9', async () => {
  const path = freshDirectory()
  const child = start('write-and-wait.mjs', path)
  const ids = await nextMessage<string[]>(child)
  child.kill('SIGKILL')
  expect(await exitOf(child)).toBe('SIGKILL')

  const om = openStore({ path })
  expect(ids).toHaveLength(50)
  for (const [n, id] of ids.entries()) {
    expect(await om.getMemory(id)).toMatchObject({ content: `note ${n}, corrected`, metadata: { n }, version: 2 })
    expect(await om.getHistory(id)).toHaveLength(2)
  }
  const [hit] = await om.searchMemories('note 7, corrected', { limit: 1 })
  expect(hit?.version).toBe(2)
})

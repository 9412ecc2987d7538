// A reader never sees content of one version with the vector, tags or metadata of another.

import { expect, test } from '@jest/globals'
import type { FunctionEmbedder, Memory } from '@openmemory/sdk'
import { openStore } from './helpers/store'

const STATES = 8

/** "state 3" points along axis 3, everything else along an axis of its own. */
const axes: FunctionEmbedder = {
  id: 'axes',
  dimensions: STATES + 1,
  async embed(texts) {
    return texts.map((text) => {
      const vector = new Float32Array(STATES + 1)
      vector[Number(/state (\d)/.exec(text)?.[1] ?? STATES)] = 1
      return vector
    })
  },
}

function expectOneState(memory: Memory) {
  const state = Number(/state (\d)/.exec(memory.content)?.[1])
  expect(memory.tags).toEqual([`tag${state}`])
  expect(memory.metadata).toEqual({ state })
  expect(memory.version % STATES).toBe((state + 1) % STATES)
  return state
}

test('readers that run against a writer see whole versions only', async () => {
  const om = openStore({ embedder: axes })
  const state = (n: number) => ({ content: `state ${n}`, tags: [`tag${n}`], metadata: { state: n } })
  const { id } = await om.addMemory(state(0))
  let writing = true
  let reads = 0

  const writer = async () => {
    for (let n = 1; n <= 200; n++) await om.updateMemory(id, state(n % STATES))
    writing = false
  }
  const reader = async (asked: number) => {
    while (writing) {
      expectOneState(await om.getMemory(id))
      const { memories } = await om.listMemories({ filters: { tags: `tag${asked}` } })
      for (const memory of memories) expect(expectOneState(memory)).toBe(asked)
      for (const hit of await om.searchMemories(`state ${asked}`)) {
        if (expectOneState(hit) === asked) expect(hit.similarity).toBeGreaterThan(0.99)
        else expect(hit.similarity).toBeLessThan(0.01)
      }
      reads += 1
    }
  }
  await Promise.all([writer(), ...Array.from({ length: STATES }, (_, n) => reader(n))])
  expect(reads).toBeGreaterThan(STATES)
  expect(await om.getMemory(id)).toMatchObject({ version: 201, content: 'state 0' })
})

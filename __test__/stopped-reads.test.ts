// Reads stop when their caller no longer waits for them.

import { beforeEach, expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { longTexts, slowFilter } from './helpers/slow-filter'
import { freshDirectory, openEmbedded } from './helpers/store'

let [patient, hasty]: OpenMemory[] = []

beforeEach(async () => {
  const path = freshDirectory()
  patient = openEmbedded({ path })
  hasty = openEmbedded({ path, timeoutMs: 200 })
  await patient.addMemories(longTexts)
})

test.each([
  ['list', (om: OpenMemory) => om.listMemories({ filters: slowFilter })],
  ['search', (om: OpenMemory) => om.searchMemories('lorem', { filters: slowFilter })],
])('after timeoutMs a %s leaves its thread to others', async (_, read) => {
  const begun = performance.now()
  await read(patient as OpenMemory)
  const whole = performance.now() - begun
  const reads = Array.from({ length: 16 }, () => read(hasty as OpenMemory))
  for (const outcome of await Promise.allSettled(reads)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } })
  }
  const after = performance.now()
  expect((await patient?.listMemories({ limit: 1 }))?.memories).toHaveLength(1)
  expect(performance.now() - after).toBeLessThan(whole)
})

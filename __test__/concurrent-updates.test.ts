// Updates of one memory that are in flight together.

import { expect, test } from '@jest/globals'
import { type Memory, VersionConflictError } from '@openmemory/sdk'
import { openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

test('20 concurrent merges of different fields all survive, each with its true predecessor', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'counter' })
  const fields = Array.from({ length: 20 }, (_, n) => `field${n}`)
  await Promise.all(fields.map((field) => om.updateMemory(id, { metadata: { [field]: field } }, { actor: field })))

  const memory = await om.getMemory(id)
  expect(memory.version).toBe(21)
  expect(memory.metadata).toEqual(Object.fromEntries(fields.map((field) => [field, field])))

  const versions = (await om.getHistory(id)).reverse()
  expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1))
  for (const [index, current] of versions.entries()) {
    const previous = versions[index - 1]
    if (!previous) continue
    const field = current.actor as string
    expect(current.metadata).toEqual({ ...previous.metadata, [field]: field })
    expect(current.changes).toEqual([{ field: `metadata.${field}`, to: field }])
  }
})

test('tags and content of one memory in flight together: 50 pairs, nothing lost', async () => {
  const om = openStore({ embedder: wordEmbedder().embedder })
  const { id } = await om.addMemory({ content: 'start' })
  for (let pair = 0; pair < 50; pair++) {
    const content = `content number ${pair}`
    const tags = [`tag${pair}`]
    const both: Promise<Memory>[] = [om.updateMemory(id, { content }), om.updateMemory(id, { tags })]
    await Promise.all(pair % 2 === 0 ? both : both.reverse())
    expect(await om.getMemory(id)).toMatchObject({ content, tags, version: 3 + 2 * pair })
    const [hit] = await om.searchMemories(content)
    expect(hit).toMatchObject({ content, tags })
    expect(hit?.similarity).toBeGreaterThan(0.99)
  }
})

test('of 20 updates that expect one version, exactly one wins and 19 learn the current version', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'lease' })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, owner) => om.updateMemory(id, { metadata: { owner } }, { ifVersion: 1 })),
  )
  const winners = outcomes.filter(({ status }) => status === 'fulfilled')
  const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(winners).toHaveLength(1)
  expect(losers).toHaveLength(19)
  for (const error of losers) {
    expect(error).toBeInstanceOf(VersionConflictError)
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT', status: 409, version: 2 })
    expect(error.details).toEqual({ id, version: 2, expected: 1 })
  }
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
  expect(await om.getMemory(id)).toMatchObject({ version: 2, metadata: { owner: winner } })
})

test('a loser that tries again with the current version wins', async () => {
  const om = openStore()
  const { id } = await om.addMemory({ content: 'counter', metadata: { count: 0 } })
  const increment = async (): Promise<void> => {
    const { version, metadata } = await om.getMemory(id)
    try {
      await om.updateMemory(id, { metadata: { count: Number(metadata.count) + 1 } }, { ifVersion: version })
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 10 }, increment))
  expect((await om.getMemory(id)).metadata.count).toBe(10)
})

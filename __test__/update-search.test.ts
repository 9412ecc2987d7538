// Search follows an update: by the new meaning at once, by the old no longer. With the shipped model.

import { expect, test } from '@jest/globals'
import type { Memory, MemoryMatch } from '@openmemory/sdk'
import { messageOf } from './helpers/child'
import { exceptInPostgres, freshDirectory, openModelStore } from './helpers/store'

const DECOYS = [
  'The office plants are watered on Mondays',
  'The train to Basel leaves at half past seven',
  'Quarterly taxes are due at the end of April',
]
const OLD = 'Alex is allergic to peanuts and carries an adrenaline pen'
const NEW = 'Alex plays the cello in a string quartet on Thursday evenings'
const OLD_QUESTION = 'Which food allergy does he have?'
const NEW_QUESTION = 'What musical instrument does he play?'

test('search finds the new meaning first and no longer prefers the old one', async () => {
  const om = openModelStore()
  const { id } = await om.addMemory({ content: OLD })
  const other = await om.addMemory({ content: 'Robin cannot eat shellfish' })
  await om.addMemories(DECOYS.map((content) => ({ content })))
  expect((await om.searchMemories(OLD_QUESTION))[0]?.id).toBe(id)

  await om.updateMemory(id, { content: NEW })

  const [first] = await om.searchMemories(NEW_QUESTION)
  expect(first).toMatchObject({ id, content: NEW, version: 2, path: [id] })
  expect((await om.searchMemories(OLD_QUESTION))[0]?.id).toBe(other.id)
})

test('an updated memory is as similar to a query as one made fresh from the same text', async () => {
  const text = 'I cried when grandfather died in 2009.\nTo make his soup, first brown the onions, then add stock.'
  const om = openModelStore()
  const { id } = await om.addMemory({ content: OLD })
  await om.updateMemory(id, { content: text })
  const fresh = openModelStore()
  await fresh.addMemory({ content: text })

  for (const query of [NEW_QUESTION, 'a recipe for soup', 'grief over a death in the family', text]) {
    const [updated] = await om.searchMemories(query)
    const [made] = await fresh.searchMemories(query)
    expect(updated?.similarity).toBeCloseTo(made?.similarity as number, 5)
    expect(updated?.sectors).toEqual(made?.sectors)
  }
})

test('the end of a long text is embedded too', async () => {
  const om = openModelStore()
  const filler = 'The committee met again and adjourned without a decision. '.repeat(200)
  const { id } = await om.addMemory({ content: `${filler}The stolen painting was hidden in the lighthouse cellar.` })
  await om.addMemory({ content: 'The committee met again and adjourned without a decision.' })
  const [first] = await om.searchMemories('Where was the stolen painting hidden?')
  expect(first?.id).toBe(id)
})

exceptInPostgres('a second process sees what the first has written', 'it opens a directory', async () => {
  const path = freshDirectory()
  const om = openModelStore(path)
  const { id } = await om.addMemory({ content: OLD, tags: ['health'] })
  await om.addMemories(DECOYS.map((content) => ({ content })))
  const updated = await om.updateMemory(id, { content: NEW, metadata: { verified: true } })
  const [hit] = await om.searchMemories(NEW_QUESTION)
  await om.close()

  const seen = await messageOf<{ best: MemoryMatch; memory: Memory }>('search.mjs', path, NEW_QUESTION)
  expect(seen.memory).toEqual({ ...updated, salience: expect.any(Number) })
  expect(seen.best).toMatchObject({ id, content: NEW })
  expect(seen.best.similarity).toBeCloseTo(hit?.similarity as number, 5)
})

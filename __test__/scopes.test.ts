// Whose memory is it? Users never share, and the userId option is the default scope.

import { expect, test } from '@jest/globals'
import { freshDirectory, openStore } from './helpers/store'

test('two memories that differ in one number, for two users, are two memories', async () => {
  const om = openStore()
  const ann = await om.addMemory({ content: 'The door code is 4711', user_id: 'ann' })
  const bob = await om.addMemory({ content: 'The door code is 4712', user_id: 'bob' })
  expect(ann.id).not.toBe(bob.id)

  await om.updateMemory(ann.id, { metadata: { checked: true } })
  expect(await om.getMemory(bob.id)).toMatchObject({ content: 'The door code is 4712', metadata: {}, version: 1 })
  for (const [user_id, memory] of [
    ['ann', ann],
    ['bob', bob],
  ] as const) {
    const hits = await om.searchMemories('What is the door code?', { filters: { user_id } })
    expect(hits.map(({ id }) => id)).toEqual([memory.id])
  }
})

test('the same text twice is two memories', async () => {
  const om = openStore()
  await om.addMemory({ content: 'The door code is 4711', user_id: 'ann' })
  await om.addMemory({ content: 'The door code is 4711', user_id: 'ann' })
  expect((await om.listMemories()).memories).toHaveLength(2)
})

test('the userId option scopes adding, listing, searching and deleting by filter', async () => {
  const path = freshDirectory()
  const everyone = openStore({ path })
  const ann = openStore({ path, userId: 'ann' })
  const mine = await ann.addMemory({ content: 'tea at four' })
  const theirs = await ann.addMemory({ content: 'tea at five', user_id: 'bob' })
  expect([mine.user_id, theirs.user_id]).toEqual(['ann', 'bob'])
  await ann.addMemories([{ content: 'tea at six' }])

  expect((await ann.listMemories()).memories.map(({ content }) => content)).toEqual(['tea at six', 'tea at four'])
  expect(await ann.searchMemories('tea')).toHaveLength(2)
  expect(await ann.searchMemories('tea', { filters: { user_id: 'bob' } })).toHaveLength(1)
  expect(await everyone.searchMemories('tea')).toHaveLength(3)

  expect(await ann.deleteMemories({ all: true })).toMatchObject({ deleted: 2 })
  expect((await everyone.listMemories()).memories.map(({ id }) => id)).toEqual([theirs.id])
})

test('a user named * is that user, not a wildcard', async () => {
  const path = freshDirectory()
  const { id } = await openStore({ path }).addMemory({ content: 'tea at four', user_id: 'ann' })
  const star = openStore({ path, userId: '*' })
  expect((await star.listMemories()).memories).toEqual([])
  expect(await star.searchMemories('tea')).toEqual([])
  expect(await star.deleteMemories({ all: true })).toEqual({ deleted: 0, ids: [] })
  expect((await star.getMemory(id)).content).toBe('tea at four')
})

test('other scopes are kept and can be filtered by', async () => {
  const om = openStore()
  const scopes = { user_id: 'u', agent_id: 'a', app_id: 'p', run_id: 'r' }
  const memory = await om.addMemory({ content: 'scoped', ...scopes })
  await om.addMemory({ content: 'free' })
  expect(memory).toMatchObject(scopes)
  for (const [field, value] of Object.entries(scopes)) {
    const { memories } = await om.listMemories({ filters: { [field]: value } })
    expect(memories.map(({ id }) => id)).toEqual([memory.id])
  }
})

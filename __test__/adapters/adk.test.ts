// What the memory service of Google's Agent Development Kit stores and finds. examples/adk.mjs runs it under the real runner,
// in a process of its own: the kit is an ES module, which Jest does not load.

import { expect, test } from '@jest/globals'
import { OpenMemoryService } from '@openmemory/sdk/adk'
import { openStore } from '../helpers/store'

const [appName, userId] = ['app', 'ada']

function session(id: string, texts: string[], user = userId, app = appName) {
  const events = texts.map((text, n) => {
    return { id: `e${n}`, author: 'user', timestamp: 1e12 + n, content: { role: 'user', parts: [{ text }] } }
  })
  return { id, appName: app, userId: user, events }
}

test('a session that went on is added again without duplicates', async () => {
  const om = openStore()
  const service = new OpenMemoryService(om)
  await service.addSessionToMemory(session('s', ['tea', ' ']))
  await service.addSessionToMemory(session('s', ['tea', ' ', 'coffee']))
  const { memories } = await om.listMemories({ order: 'created_at:asc' })
  expect(memories).toMatchObject([
    { content: 'tea', user_id: 'ada', app_id: 'app', run_id: 's', created_at: new Date(1e12).toISOString() },
    { content: 'coffee' },
  ])
  expect(await service.searchMemory({ appName, userId, query: 'tea' })).toMatchObject({
    memories: expect.arrayContaining([
      {
        content: { role: 'user', parts: [{ text: 'tea' }] },
        author: 'user',
        timestamp: new Date(1e12).toISOString(),
      },
    ]),
  })
})

test('users and apps do not see each other, and limits hold', async () => {
  const service = new OpenMemoryService(openStore(), { limit: 1 })
  await service.addSessionToMemory(session('s', ['tea for ada', 'more tea for ada']))
  await service.addSessionToMemory(session('s', ['tea for bob'], 'bob'))
  await service.addSessionToMemory(session('s', ['tea elsewhere'], userId, 'other'))
  const found = async (user: string, app = appName) =>
    (await service.searchMemory({ appName: app, userId: user, query: 'tea' })).memories.length
  expect([await found('ada'), await found('bob'), await found('*'), await found('ada', '*')]).toEqual([1, 1, 0, 0])
  expect(await service.searchMemory({ appName, userId, query: ' ' })).toEqual({ memories: [] })
})

test('what is missing is refused by name', async () => {
  const service = new OpenMemoryService(openStore())
  await expect(service.addSessionToMemory(session('', ['x']))).rejects.toMatchObject({
    details: { field: 'session.id' },
  })
  await expect(service.searchMemory({ appName, userId: '', query: 'x' })).rejects.toMatchObject({
    details: { field: 'userId' },
  })
  await expect(service.searchMemory({ appName, userId, query: undefined as never })).rejects.toMatchObject({
    details: { field: 'query' },
  })
  await expect(
    new OpenMemoryService(openStore(), { limit: 0 }).searchMemory({ appName, userId, query: 'x' }),
  ).rejects.toMatchObject({ details: { field: 'limit' } })
})

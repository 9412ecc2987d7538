// Tenants in a database whose role does not own the tables, so that the database confines each call to one tenant.

import { join } from 'node:path'
import { expect } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { expectNothingCrosses } from './helpers/crossing'
import { fakeModel, operations } from './helpers/fake-model'
import { confinedRole, databaseOf, execute } from './helpers/served'
import { asker } from './helpers/server'
import { databaseTest, freshDirectory, keep, openDatabases } from './helpers/store'

const [ann, bob] = ['ann-key-0123456789', 'bob-key-0123456789']

/** The URL of a database that has tables, for a role that owns nothing. */
async function confined(): Promise<string> {
  const store = databaseOf(freshDirectory())
  const owner = new OpenMemory({ store, embedder: 'test' })
  await owner.stats()
  await owner.close()
  return confinedRole(store)
}

databaseTest('nothing crosses from one tenant to another, by any route, also what was learnt', async () => {
  const answer = operations(() => [{ op: 'add', text: 'the launch code is 4711', quote: 'the launch code is 4711' }])
  const { endpoint: languageModel } = await fakeModel(answer)
  const om = keep(new OpenMemory({ store: await confined(), embedder: 'test', languageModel }))
  const keyFile = join(freshDirectory(), 'keys.json')
  const server = await om.serve({ port: 0, keyFile, apiKeys: [`ann=${ann}`, `bob=${bob}`] })
  const ask = asker(server.port)
  const client = keep(new OpenMemory({ url: server.url, apiKey: ann }))
  const learning = await client.learn('the launch code is 4711', { user_id: 'shared' })
  expect(learning).toMatchObject({ status: 'done' })
  await expectNothingCrosses(ask, ann, bob)
  expect(await client.getLearning(learning.id)).toMatchObject({ status: 'done' })
  const other = keep(new OpenMemory({ url: server.url, apiKey: bob }))
  await expect(other.getLearning(learning.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await other.listLearnings()).learnings).toEqual([])
  expect((await other.listMessages()).messages).toEqual([])
  await expectNothingCrosses(ask, bob, ann)
})

databaseTest('an object has the memories of its tenant', async () => {
  const store = await confined()
  const open = (tenant?: string) => keep(new OpenMemory({ store, embedder: 'test', ...(tenant && { tenant }) }))
  const [one, other, unnamed] = [open('ann'), open('bob'), open()]
  await one.addMemory({ id: 'tea', content: 'Ann drinks tea', user_id: 'ada' })
  await other.addMemory({ id: 'tea', content: 'Bob drinks tea', user_id: 'ada' })
  expect(await open('ann').getMemory('tea')).toMatchObject({ content: 'Ann drinks tea' })
  expect((await other.searchMemories('tea')).map(({ content }) => content)).toEqual(['Bob drinks tea'])
  await expect(unnamed.getMemory('tea')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const server = await unnamed.serve({ port: 0, keyFile: join(freshDirectory(), 'k.json'), apiKeys: [`ann=${ann}`] })
  const client = keep(new OpenMemory({ url: server.url, apiKey: ann }))
  expect(await client.getMemory('tea')).toMatchObject({ content: 'Ann drinks tea' })
})

databaseTest('the role of the tables’ owner sees all tenants, as before', async () => {
  const [om] = openDatabases(1) as [OpenMemory]
  await om.addMemory({ content: 'Ada drinks tea' })
  expect(await om.stats()).toMatchObject({ memories: 1 })
})

databaseTest('a confined role reads and writes nothing of a tenant that it does not name, by SQL either', async () => {
  const store = await confined()
  const om = keep(new OpenMemory({ store, embedder: 'test', tenant: 'ann' }))
  await om.addMemory({ content: 'Ann drinks tea' })
  expect(execute(store, 'SELECT count(*) FROM om_memory')).toBe('0')
  expect(execute(store, "BEGIN; SET LOCAL openmemory.tenant = 'ann'; SELECT count(*) FROM om_memory")).toBe('1')
  expect(() => execute(store, 'CREATE TABLE own (x int)')).toThrow('permission denied')
})

// One directory, several users of it: objects and threads of a process share it, a second process is refused.

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import type { OpenMemoryError } from '@openmemory/sdk'
import { messageOf } from './helpers/child'
import { freshDirectory, openStore } from './helpers/store'

test('two objects of one process see each other’s writes at once', async () => {
  const path = freshDirectory()
  const one = openStore({ path })
  const other = openStore({ path: join(path, '.', 'x', '..') })
  const { id } = await one.addMemory({ content: 'shared note' })
  expect(await other.updateMemory(id, { content: 'shared and corrected note' })).toMatchObject({ version: 2 })
  const [hit] = await one.searchMemories('shared and corrected note')
  expect(hit).toMatchObject({ id, version: 2 })
})

test('closing one object leaves the other open', async () => {
  const path = freshDirectory()
  const one = openStore({ path })
  const other = openStore({ path })
  const { id } = await one.addMemory({ content: 'shared note' })
  await other.ready()
  await one.close()
  expect(await other.updateMemory(id, { tags: ['x'] })).toMatchObject({ version: 2 })
})

test('a directory can be opened again after it was closed', async () => {
  const path = freshDirectory()
  for (let round = 1; round <= 3; round++) {
    const om = openStore({ path })
    await om.addMemory({ content: `round ${round}` })
    expect((await om.listMemories()).memories).toHaveLength(round)
    await om.close()
  }
})

test('worker threads share the directory with their parent', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  const { id } = await om.addMemory({ content: 'shared note' })
  const versions = await Promise.all(
    ['a', 'b', 'c'].map(
      (field) =>
        new Promise<number>((resolve, reject) => {
          const workerData = { path, id, field }
          const worker = new Worker(join(__dirname, 'children', 'worker.mjs'), { workerData })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  expect(versions.sort()).toEqual([2, 3, 4])
  expect(await om.getMemory(id)).toMatchObject({ version: 4, metadata: { a: true, b: true, c: true } })
})

test('embedding continues when the thread that opened the directory exits', async () => {
  const rounds = await messageOf('ended-embedder.mjs', freshDirectory())
  expect(rounds).toEqual(Array(6).fill({ added: 100, refused: [], found: true }))
})

test('a second process is LOCKED out until the first closes the store', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  await om.ready()
  expect(await messageOf('open.mjs', path)).toEqual({ outcome: 'LOCKED', status: 503, retryable: true })
  await om.close()
  expect(await messageOf('open.mjs', path)).toEqual({ outcome: 'opened' })
})

test('a second copy of the package in one process hears that it is a second copy', async () => {
  const copy = join(freshDirectory(), 'copy')
  const { code, message } = await messageOf<OpenMemoryError>('two-copies.mjs', freshDirectory(), copy)
  expect(code).toBe('LOCKED')
  expect(message).toMatch(/another copy of @openmemory\/sdk in this process \(.+\) has the directory open/)
})

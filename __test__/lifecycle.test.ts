// The story: a process or thread ends in the middle of its work, in any of the ways in which they end. It ends, without
// a crash of its own; what was acknowledged is there, and what was not is whole or not there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from '@jest/globals'
import { exitOf, messageOf, start } from './helpers/child'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

const endings: [string, number | string][] = [
  ['exit', 0],
  ['throw', 1],
  ['reject', 1],
  ['forget', 0],
  ...(process.platform === 'win32'
    ? []
    : ([
        ['SIGTERM', 'SIGTERM'],
        ['SIGINT', 'SIGINT'],
      ] as [string, string][])),
]

test.each(endings)(
  'a process that ends by %s with writes in flight loses nothing that was acknowledged',
  async (ending, status) => {
    const [path, file] = [freshDirectory(), join(freshDirectory(), 'acknowledged')]
    const child = start('ending.mjs', path, file, ending)
    expect(await exitOf(child)).toBe(status)

    const acknowledged = new Map<string, number>()
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const [id = '', version] = line.split(' ')
      acknowledged.set(id, Number(version))
    }
    const om = openStore({ path })
    expect(acknowledged.size).toBeGreaterThan(1)
    for (const [id, version] of acknowledged) {
      const history = await om.getHistory(id, { limit: 1000 })
      expect(history.length).toBeGreaterThanOrEqual(version)
      history.forEach((entry, at) => {
        const state = history.length - at
        expect(entry).toMatchObject({
          version: state,
          content: `state ${state}`,
          tags: [`${state}`],
          metadata: { state },
        })
      })
      const [hit] = await om.searchMemories(`state ${history.length}`, { limit: 1, filters: { memory_ids: [id] } })
      expect(hit).toMatchObject({ id, version: history.length })
    }
  },
)

test('a worker thread that is terminated while it writes leaves a whole store to the others', async () => {
  const path = freshDirectory()
  const rounds = await messageOf<{ acknowledged: number; found: number; next: number }[]>('ended-worker.mjs', path)
  expect(rounds).toHaveLength(8)
  for (const { acknowledged, found, next } of rounds) {
    expect(found).toBeGreaterThanOrEqual(acknowledged)
    expect(next).toBeGreaterThan(found)
  }
  const om = openStore({ path })
  const history = await om.getHistory('shared', { limit: 1000 })
  expect(history.map(({ version }) => version)).toEqual(history.map((_, at) => history.length - at))
})

test('many worker threads and objects write to one directory at once, and no write is lost', async () => {
  const path = freshDirectory()
  const objects = Array.from({ length: 3 }, () => openStore({ path }))
  const [first] = objects as [(typeof objects)[0]]
  const { id } = await first.addMemory({ content: 'shared' })
  const fields = Array.from({ length: 6 }, (_, n) => `field${n}`)
  const threads = fields.map(
    (field) =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(join(__dirname, 'children', 'worker.mjs'), { workerData: { path, id, field } })
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  )
  const here = objects.map((om, n) => om.updateMemory(id, { metadata: { [`object${n}`]: true } }))
  const versions = [...(await Promise.all(threads)), ...(await Promise.all(here)).map(({ version }) => version)]
  expect(versions.sort((a, b) => a - b)).toEqual(versions.map((_, at) => at + 2))
  expect(Object.keys((await first.getMemory(id)).metadata)).toHaveLength(9)
})

test('objects on one directory must mean the same model', async () => {
  const path = freshDirectory()
  await openStore({ path }).ready()
  const error = await refusal(openStore({ path, embedder: wordEmbedder().embedder }).ready())
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'embedder' })
})

test('closing while everything is in flight settles each call, and the directory is free', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  const { id } = await om.addMemory({ content: 'first' })
  const items = Array.from({ length: 300 }, (_, n) => ({ content: `note ${n}` }))
  const file = join(freshDirectory(), 'memories.jsonl')
  const calls = [
    ...[om.addMemories(items), om.searchMemories('note'), om.exportTo(file), om.reindex(), om.stats()],
    ...Array.from({ length: 3000 }, (_, n) => om.updateMemory(id, { metadata: { n } })),
    ...[om.deleteMemories({ filters: { 'metadata.n': { lt: 0 } } }), om.listMemories(), om.flush()],
  ]
  await om.close()
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
  expect(await openStore({ path }).getMemory(id)).toMatchObject({ version: 3001 })
})

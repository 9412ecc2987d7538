// The story: a disk damages an agent's store. Salvage recovers what is intact, and reports what is lost.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { doctor } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

async function closedStore(): Promise<string> {
  const path = freshDirectory()
  const om = openStore({ path })
  for (const n of [1, 2, 3]) {
    await om.addMemory({ id: `m${n}`, content: `note ${n}` })
    await om.updateMemory(`m${n}`, { metadata: { n } })
  }
  await om.close()
  return path
}

function harm(file: string, where: number): void {
  const bytes = readFileSync(file)
  bytes[where] = (bytes[where] as number) ^ 1
  writeFileSync(file, bytes)
}

function log(path: string): string {
  return join(path, readdirSync(path).find((name) => name.startsWith('log-')) as string)
}

test('an intact store is reported as healthy', async () => {
  const path = await closedStore()
  expect(await doctor(path)).toEqual({
    ...{ healthy: true, complete: true, memories: 3, versions: 6, rows: expect.any(Number), problems: [] },
  })
})

test('stores whose earlier texts have no vectors are well: they are made when a text is restored', async () => {
  const om = openStore()
  await om.addMemory({ id: 'm', content: 'Ada drinks tea' })
  await om.updateMemory('m', { content: 'Ada drinks coffee' })
  const file = join(freshDirectory(), 'memories.jsonl')
  await om.exportTo(file)
  const path = freshDirectory()
  const copy = openStore({ path })
  await copy.importFrom(file)
  const backup = join(freshDirectory(), 'backup')
  await copy.backup(backup)
  await copy.close()
  for (const directory of [path, backup]) {
    expect(await doctor(directory)).toMatchObject({ healthy: true, problems: [] })
    expect(await doctor(directory, { repair: true })).not.toHaveProperty('repair')
    const again = openStore({ path: directory })
    expect((await again.getHistory('m')).map(({ content }) => content)).toEqual(['Ada drinks coffee', 'Ada drinks tea'])
    expect((await again.restoreMemory('m', 1)).content).toBe('Ada drinks tea')
  }
})

test('damage that the log can repair is repaired when the store is opened, and reported', async () => {
  const path = await closedStore()
  harm(join(path, 'sled-0000000000000001', 'db'), 600)
  expect(await doctor(path)).toMatchObject({ healthy: false, complete: true, memories: 3 })
  const om = openStore({ path })
  expect(await om.getHistory('m2')).toHaveLength(2)
  expect((await om.stats()).repaired).toMatch('sled-0000000000000001/db')
  await om.close()
  const again = openStore({ path })
  expect(await again.getMemory('m1')).toMatchObject({ version: 2 })
  expect(await again.stats()).not.toHaveProperty('repaired')
})

test('damage that nothing makes good is CORRUPTED and names the file, and a repair saves the rest', async () => {
  const path = await closedStore()
  // The commit that adds m1, and sled altogether.
  harm(log(path), readFileSync(log(path)).indexOf('note 1'))
  rmSync(join(path, 'sled-0000000000000001', 'db'))
  const error = await refusal(openStore({ path }).ready())
  expect(error).toMatchObject({ code: 'CORRUPTED', status: 500, retryable: false })
  expect(error.message).toMatch(/log-0000000000000001.*doctor/)
  const { healthy, complete, problems } = await doctor(path)
  expect([healthy, complete]).toEqual([false, false])
  expect(problems.length).toBeGreaterThan(0)

  const { repair } = await doctor(path, { repair: true })
  const lost = [{ id: 'm1' }, { commits: 1 }]
  expect(repair).toEqual({ memories: 2, lost, kept: expect.stringContaining('damaged-') })
  const om = openStore({ path })
  expect((await om.listMemories()).memories.map(({ id }) => id).sort()).toEqual(['m2', 'm3'])
  expect(await om.getHistory('m3')).toHaveLength(2)
  await om.close()
  expect(await doctor(path)).toMatchObject({ healthy: true, memories: 2 })
})

test('an open store is LOCKED, and a directory without a store is refused', async () => {
  const path = await closedStore()
  const om = openStore({ path })
  await om.ready()
  const locked = await refusal(doctor(path))
  expect(locked).toMatchObject({ code: 'LOCKED' })
  expect(locked.message).toBe('this process has the store open itself; close it, then try again')
  expect(await refusal(doctor(freshDirectory()))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'path' },
  })
  expect(await refusal(doctor(''))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const options = { mend: true } as object
  expect(await refusal(doctor(path, options))).toMatchObject({ details: { field: 'mend' } })
  const more = doctor as (...given: unknown[]) => Promise<unknown>
  expect(await refusal(more(path, {}, options))).toMatchObject({ details: { field: 'mend' } })
})

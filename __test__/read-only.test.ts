// A store on a read-only file system is read, searched, exported and looked at, and never changed.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { doctor } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { mountSmallDisk, testWithSmallDisk } from './helpers/small-disk'
import { freshDirectory, openEmbedded } from './helpers/store'

testWithSmallDisk.each(['closed', 'left open'])(
  'a store that was %s is read where nothing can be written',
  async (how) => {
    const disk = mountSmallDisk(64)
    const path = join(disk.path, 'store')
    const before = openEmbedded({ path })
    const { id } = await before.addMemory({ id: 'a', content: 'Ada drinks tea' })
    await before.updateMemory(id, { content: 'Ada drinks coffee' })
    await before.addMemory({ id: 'b', content: 'Something else' })
    const left = join(disk.path, 'left')
    if (how === 'left open') await before.backup(left)
    await before.close()
    const place = how === 'left open' ? left : path
    const files = readdirSync(place).sort()
    disk.setReadOnly(true)

    const om = openEmbedded({ path: place })
    expect(await om.getMemory('a')).toMatchObject({ content: 'Ada drinks coffee', version: 2 })
    expect(await om.getHistory('a')).toHaveLength(2)
    expect((await om.searchMemories('coffee'))[0]?.id).toBe('a')
    expect((await om.listMemories()).memories).toHaveLength(2)
    const file = join(freshDirectory(), 'memories.jsonl')
    expect(await om.exportTo(file)).toMatchObject({ memories: 2 })
    const copy = join(freshDirectory(), 'copy')
    expect(await om.backup(copy)).toMatchObject({ memories: 2 })
    for (const call of [
      om.addMemory({ content: 'x' }),
      om.updateMemory('a', { tags: ['x'] }),
      om.deleteMemory('a'),
      om.reindex(),
      om.compact(),
    ]) {
      const error = await refusal(call)
      expect(error).toMatchObject({ code: 'IO', retryable: false })
      expect(error.message).toContain('read-only')
    }
    await om.flush()
    await om.close()
    expect(await doctor(place)).toMatchObject({ healthy: true, memories: 2 })
    expect((await refusal(doctor(place, { repair: true }))).message).toContain('read-only')
    expect(readdirSync(place).sort()).toEqual(files)

    disk.setReadOnly(false)
    const after = openEmbedded({ path: copy })
    expect((await after.updateMemory('a', { content: 'Ada drinks water' })).version).toBe(3)
  },
)

testWithSmallDisk('without a store, a read-only file system is reported with the path', async () => {
  const disk = mountSmallDisk(16)
  disk.setReadOnly(true)
  const path = join(disk.path, 'none')
  const error = await refusal(openEmbedded({ path }).listMemories())
  expect(error).toMatchObject({ code: 'IO', retryable: false })
  expect(error.message).toContain(path)
  expect(error.message).toContain('read-only')
  expect(existsSync(path)).toBe(false)
  disk.setReadOnly(false)
})

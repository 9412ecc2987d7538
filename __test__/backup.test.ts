// The story: an agent's memories are copied to another disk while it works; one day the copy is all that is left.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ValidationError } from '@openmemory/sdk'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

test('a backup during updates has everything acknowledged before it', async () => {
  const dir = join(freshDirectory(), 'made', 'backup')
  const om = openStore()
  await om.addMemories(Array.from({ length: 40 }, (_, n) => ({ id: `m${n}`, content: `note ${n}` })))
  await om.updateMemory('m7', { content: 'corrected', tags: ['x'] })
  const late = Array.from({ length: 40 }, (_, n) => om.updateMemory(`m${n}`, { metadata: { late: true } }))
  const [made] = await Promise.all([om.backup(dir), ...late])
  expect(made).toEqual({ memories: 40, bytes: expect.any(Number) })

  const copy = openStore({ path: dir })
  expect(await copy.getMemory('m7')).toMatchObject({ content: 'corrected', tags: ['x'] })
  expect((await copy.getHistory('m7')).at(-1)).toMatchObject({ content: 'note 7', version: 1 })
  expect(await copy.stats()).not.toHaveProperty('repaired')
  expect((await copy.searchMemories('note 31', { limit: 1 }))[0]?.id).toBe('m31')
  await copy.updateMemory('m7', { tags: [] })
  expect(await om.getMemory('m7')).toMatchObject({ tags: ['x'] })
})

test('a backup can replace the store', async () => {
  const [path, dir] = [join(freshDirectory(), 'store'), join(freshDirectory(), 'backup')]
  const om = openStore({ path })
  await om.addMemory({ id: 'm', content: 'kept' })
  await om.backup(dir)
  await om.close()
  rmSync(path, { recursive: true })
  expect(await openStore({ path: dir }).getMemory('m')).toMatchObject({ content: 'kept' })
})

test('a directory that is not empty is rejected and stays unchanged', async () => {
  const dir = freshDirectory()
  writeFileSync(join(dir, 'mine'), 'x')
  const om = openStore()
  await om.addMemory({ content: 'one' })
  const error = await refusal<ValidationError>(om.backup(dir))
  expect(error).toBeInstanceOf(ValidationError)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'dir' })
  for (const wrong of ['', undefined, 7] as string[]) {
    expect(await refusal(om.backup(wrong))).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'dir' } })
  }
  expect(readFileSync(join(dir, 'mine'), 'utf8')).toBe('x')
  expect(existsSync(join(dir, 'manifest'))).toBe(false)
})

// The story: a store is opened in a directory with other files. No file is lost, and other users cannot read the store.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { refusal } from './helpers/refusal'
import { freshDirectory, openStore } from './helpers/store'

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')

function project(): string {
  const path = freshDirectory()
  mkdirSync(join(path, 'doctor-visits'))
  writeFileSync(join(path, 'doctor-visits', 'notes.txt'), 'important')
  writeFileSync(join(path, 'chapter.new'), 'draft')
  return path
}

test('a new store is refused among other files, and nothing is created', async () => {
  const path = project()
  const error = await refusal(openStore({ path }).ready())
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'path' }, retryable: false })
  expect(error.message).toMatch(/allowNonEmpty/)
  expect(readdirSync(path).sort()).toEqual(['chapter.new', 'doctor-visits'])
})

test('if other files are allowed, opening never removes them', async () => {
  const path = project()
  for (const allowNonEmpty of [true, false, undefined]) {
    const om = openStore({ path, ...(allowNonEmpty === undefined ? {} : { allowNonEmpty }) })
    await om.addMemory({ content: 'hello' })
    await om.close()
  }
  expect(readFileSync(join(path, 'doctor-visits', 'notes.txt'), 'utf8')).toBe('important')
  expect(readFileSync(join(path, 'chapter.new'), 'utf8')).toBe('draft')
})

test('the command line has the same rule, and a flag', () => {
  const path = project()
  const run = (...args: string[]) => execFileSync(process.execPath, [CLI, ...args, '--path', path], { stdio: 'pipe' })
  expect(() => run('add', 'hello')).toThrow(/chapter.new|doctor-visits/)
  run('add', 'hello', '--allow-non-empty')
  run('stats')
  expect(readdirSync(path)).toContain('chapter.new')
})

test('allowNonEmpty is a boolean', () => {
  expect(() => openStore({ allowNonEmpty: 'yes' as never })).toThrow(/allowNonEmpty/)
})

// Windows has no such modes.
const unixTest = process.platform === 'win32' ? test.skip : test

unixTest('a store that the package creates can be read by its owner only, whatever the umask', async () => {
  const umask = process.umask(0)
  const path = join(freshDirectory(), 'agent', 'memory')
  const om = openStore({ path })
  await om.addMemory({ content: 'private' })
  process.umask(umask)
  await om.close()
  const modes = readdirSync(path, { recursive: true, withFileTypes: true }).map((entry) => {
    const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777
    return [entry.name, mode.toString(8), entry.isDirectory() ? '700' : '600']
  })
  expect(modes.filter(([, mode, right]) => mode !== right)).toEqual([])
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

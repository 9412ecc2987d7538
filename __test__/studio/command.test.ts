// `openmemory studio`, and the studio of `openmemory serve`.

import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'
import { openTab } from './browser'
import { CLI, start } from './command'

test('studio shows a directory, without keys', async () => {
  const path = freshDirectory()
  execFileSync(process.execPath, [CLI, 'add', 'Ada drinks tea', '--path', path])
  const {
    shown: { url },
  } = await start('studio', '--path', path, '--no-open')
  const page = await openTab(url)
  await page.getByRole('row', { name: 'Ada drinks tea' }).waitFor()
})

test('studio of a directory that has keys brings a key of its own', async () => {
  const path = freshDirectory()
  execFileSync(process.execPath, [CLI, 'keys', 'create', '--path', path])
  const {
    shown: { url },
  } = await start('studio', '--path', path, '--no-open')
  expect(url).toMatch(/#key=/)
  const page = await openTab(url)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
})

test('studio opens the page of the process that has the directory open', async () => {
  const path = freshDirectory()
  const {
    shown: { url },
  } = await start('serve', '--path', path, '--port', '0', '--quiet')
  expect((await fetch(url)).headers.get('content-type')).toMatch(/html/)
  const { shown } = await start('studio', '--path', path, '--no-open')
  expect(shown).toEqual({ url })
})

test('studio of a server without the page says what to do', async () => {
  const path = freshDirectory()
  const {
    shown: { url },
  } = await start('serve', '--path', path, '--port', '0', '--quiet', '--no-ui')
  expect((await fetch(url)).status).toBe(404)
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'studio', '--url', url, '--no-open'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([1, expect.stringContaining('--no-ui')])
})

test('studio of a server prints its address', async () => {
  const { server } = await serve({ ui: true })
  expect((await start('studio', '--url', server.url, '--no-open')).shown).toEqual({ url: server.url })
})

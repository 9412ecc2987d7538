// `openmemory studio`, and the studio of `openmemory serve`.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'
import { openTab } from './browser'

const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill()
    await once(child, 'exit')
  }
})

/** Resolves to the document that the command prints first. */
async function start(...args: string[]): Promise<{ url: string }> {
  const env = { ...process.env, OPENMEMORY_API_KEYS: '', BROWSER: 'false' }
  const child = spawn(process.execPath, [CLI, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return JSON.parse(line as string)
}

test('studio shows a directory, without keys', async () => {
  const path = freshDirectory()
  execFileSync(process.execPath, [CLI, 'add', 'Ada drinks tea', '--path', path])
  const { url } = await start('studio', '--path', path, '--no-open')
  const page = await openTab(url)
  await page.getByRole('row', { name: 'Ada drinks tea' }).waitFor()
})

test('studio of a directory that has keys brings a key of its own', async () => {
  const path = freshDirectory()
  execFileSync(process.execPath, [CLI, 'keys', 'create', '--path', path])
  const { url } = await start('studio', '--path', path, '--no-open')
  expect(url).toMatch(/#key=/)
  const page = await openTab(url)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
})

test('studio opens the page of the process that has the directory open', async () => {
  const path = freshDirectory()
  const { url } = await start('serve', '--path', path, '--port', '0', '--quiet')
  expect((await fetch(url)).headers.get('content-type')).toMatch(/html/)
  const shown = await start('studio', '--path', path, '--no-open')
  expect(shown).toEqual({ url })
})

test('studio of a server without the page says what to do', async () => {
  const path = freshDirectory()
  const { url } = await start('serve', '--path', path, '--port', '0', '--quiet', '--no-ui')
  expect((await fetch(url)).status).toBe(404)
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'studio', '--url', url, '--no-open'], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([1, expect.stringContaining('--no-ui')])
})

test('studio of a server prints its address', async () => {
  const { server } = await serve({ ui: true })
  expect(await start('studio', '--url', server.url, '--no-open')).toEqual({ url: server.url })
})

// The server goes away and comes back, and a key is revoked, while the page is open.

import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import type { Page } from 'playwright-core'
import { serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'
import { openTab } from './browser'
import { start, stop } from './command'

const tolerated = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|401/
const [ONE, OTHER] = ['first-key-of-this-test', 'second-key-of-this-test']

test('the page says that the server is gone, and goes on by itself when it is back', async () => {
  const path = freshDirectory()
  const first = new OpenMemory({ path, embedder: 'test' })
  const { url, port } = await first.serve({ port: 0, ui: true })
  await first.addMemory({ content: 'from before' })
  const page = await openTab(url, { tolerated })
  await page.getByRole('row', { name: 'from before' }).waitFor()
  await first.close()
  await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
  const second = openEmbedded({ path })
  await second.addMemory({ content: 'from meanwhile' })
  await second.serve({ port, ui: true })
  await page.getByRole('row', { name: 'from meanwhile' }).waitFor({ timeout: 20_000 })
  await second.addMemory({ content: 'from after' })
  await page.getByRole('row', { name: 'from after' }).waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
})

test('what is being written stays when the server is killed, and is saved when it is back', async () => {
  const banner = (page: Page) => page.locator('.banner').filter({ hasText: 'does not answer' })
  const path = freshDirectory()
  const first = await start('serve', '--path', path, '--port', '0', '--quiet')
  const { url } = first.shown
  await new OpenMemory({ url }).addMemory({ id: 'tea', content: 'Ada drinks tea' })
  const page = await openTab(`${url}/#/memories/tea`, { tolerated })
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Text', { exact: true }).fill('Ada drinks coffee')
  await stop(first.child, 'SIGKILL')
  await banner(page).waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('form', { name: 'Edit' }).getByRole('alert').waitFor()
  await start('serve', '--path', path, '--port', new URL(url).port, '--quiet')
  await banner(page).waitFor({ state: 'detached', timeout: 20_000 })
  expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('Ada drinks coffee')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.content', { hasText: 'Ada drinks coffee' }).waitFor()
  const history = await new OpenMemory({ url }).getHistory('tea')
  expect(history.map(({ content }) => content)).toEqual(['Ada drinks coffee', 'Ada drinks tea'])
})

test('a key is asked for, kept for the tab only, and asked for again once it is revoked', async () => {
  const directory = freshDirectory()
  const store = openEmbedded({ path: directory })
  const { writeKeys } = keyFile(directory)
  const keys = await writeKeys()
  const server = await store.serve({ port: 0, ui: true, apiKeys: [] })
  const page = await openTab(server.url, { tolerated })
  await page.getByText('This server asks for a key').waitFor()
  await page.getByLabel('Key').fill('not-a-key-of-this-server')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('alert').filter({ hasText: 'does not accept this key' }).waitFor()
  await page.getByLabel('Key').fill(keys.text)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  const kept = () => page.evaluate(() => [sessionStorage.getItem('openmemory.key'), JSON.stringify(localStorage)])
  expect((await kept())[0]).toBe(keys.text)
  expect((await kept())[1]).not.toContain(keys.text)

  await page.reload()
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  keys.revoke()
  await page.getByRole('button', { name: 'Add a memory' }).click()
  await page.getByLabel('Text').fill('too late')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  await page.getByRole('alert').filter({ hasText: 'not any longer' }).waitFor()
  expect((await store.listMemories()).memories).toEqual([])
})

test('a tab shows what its key can see', async () => {
  const { server, store } = await serve({ ui: true, apiKeys: [`default=${ONE}`, `other=${OTHER}`] })
  await store.addMemory({ content: 'of the default tenant' })
  const page = await openTab(`${server.url}/#key=${ONE}`)
  await page.getByRole('row', { name: 'of the default tenant' }).waitFor()
  expect(page.url()).not.toContain(ONE)
  await page.getByRole('button', { name: 'Forget key' }).click()
  await page.getByLabel('Key').fill(OTHER)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  expect(await page.getByRole('row').count()).toBe(0)
})

/** A key file, as `openmemory keys` writes it. */
function keyFile(directory: string) {
  const { execFileSync } = require('node:child_process') as typeof import('node:child_process')
  const { join } = require('node:path') as typeof import('node:path')
  const cli = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
  const run = (...args: string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [cli, 'keys', ...args, '--path', directory, '--json'], { encoding: 'utf8' }),
    )
  return {
    async writeKeys() {
      const created = run('create')
      return { text: created.key as string, revoke: () => run('revoke', created.id) }
    },
  }
}

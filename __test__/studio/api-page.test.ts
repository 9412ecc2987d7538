// The reference of the API: in order, without what is only refused, with examples, and with requests to try.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { openTab } from './browser'

const KEY = 'a-key-of-this-test-only'

test('the reference shows our subjects first and leaves out what is only refused', async () => {
  const { server } = await serve({ ui: true })
  const page = await openTab(`${server.url}/docs`)
  await page.locator('.opblock-tag').first().waitFor()
  const subjects = await page
    .locator('.opblock-tag')
    .evaluateAll((tags) => tags.map((tag) => tag.getAttribute('data-tag')))
  expect(subjects[0]).toBe('Memories')
  expect(subjects.at(-1)).toBe('Mem0')
  expect(await page.getByText(/Not supported/).count()).toBe(0)
  await page
    .getByRole('button', { name: /\/memory\/search/ })
    .first()
    .click()
  const text = await page.locator('.opblock.is-open').textContent()
  for (const part of ['curl -X POST', 'om.searchMemories(', 'om.search_memories(']) expect(text).toContain(part)
})

test('a request is tried with the key of the tab', async () => {
  const { server } = await serve({ ui: true, apiKeys: [`default=${KEY}`] })
  const page = await openTab(`${server.url}/#key=${KEY}`)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await page.getByRole('link', { name: 'API' }).click()
  await page
    .getByRole('button', { name: /^get \/stats/i })
    .first()
    .click()
  const open = page.locator('.opblock.is-open')
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.url().endsWith('/stats')),
    open.getByRole('button', { name: 'Execute' }).click(),
  ])
  expect(request.headers()['x-api-key']).toBe(KEY)
  await open.locator('.live-responses-table').getByText('200').waitFor()
})

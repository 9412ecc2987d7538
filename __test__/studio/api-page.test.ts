// The reference of the API: in order, without what is only refused, with examples, and with requests to try.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { openTab } from './browser'

const KEY = 'a-key-of-this-test-only'

test('the reference shows our subjects first, and tries a request with the key of the tab', async () => {
  const { server } = await serve({ ui: true, apiKeys: [`default=${KEY}`] })
  const page = await openTab(`${server.url}/#key=${KEY}`)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await page.getByRole('link', { name: 'API' }).click()
  await page.locator('.opblock-tag').first().waitFor()
  const tags = page.locator('.opblock-tag')
  const subjects = await tags.evaluateAll((all) => all.map((tag) => tag.getAttribute('data-tag')))
  expect(subjects[0]).toBe('Memories')
  expect(subjects.at(-1)).toBe('Mem0')
  expect(await page.getByText(/Not supported/).count()).toBe(0)

  await page.locator('#operations-Memories-search button').first().click({ noWaitAfter: true })
  const search = page.locator('#operations-Memories-search')
  for (const part of ['curl -X POST', 'om.searchMemories(', 'om.search_memories(']) {
    await search.locator('code', { hasText: part }).first().waitFor()
  }

  await page.locator('#operations-tag-Store button').first().click({ noWaitAfter: true })
  const stats = page.locator('#operations-Store-stats')
  await stats.getByRole('button').first().click({ noWaitAfter: true })
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.url().endsWith('/stats')),
    stats.getByRole('button', { name: 'Execute' }).click({ noWaitAfter: true }),
  ])
  expect(request.headers()['x-api-key']).toBe(KEY)
  await stats.locator('.live-responses-table').getByText('200').first().waitFor()
})

// Is a long list whole and light? `npm run bench:studio` scrolls a hundred thousand, and says how smoothly.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { openTab } from './browser'
import { scrollToEnd } from './scroll'

const COUNT = 5000
const BATCH = 1000

test('all rows come in order as the list is scrolled, and few are in the document', async () => {
  const { server, store } = await serve({ ui: true })
  const start = Date.parse('2026-01-01')
  for (let from = 0; from < COUNT; from += BATCH) {
    const items = Array.from({ length: BATCH }, (_, at) => ({
      ...{ content: `memory ${from + at}`, embed: false, created_at: new Date(start + (from + at) * 1000) },
    }))
    await store.addMemories(items)
  }
  const page = await openTab(server.url)
  await page.getByRole('row', { name: `memory ${COUNT - 1}` }).waitFor()
  const scrolled = await scrollToEnd(page, COUNT, 2000)
  expect(scrolled.loaded).toBe(COUNT)
  expect(scrolled.rows).toBeLessThanOrEqual(500)
  await page.getByRole('row', { name: 'memory 0', exact: false }).last().waitFor()
  await page.getByText('5,000 memories').waitFor()
  // In sight are neighbours in order.
  const texts = await page.locator('.row-content').allTextContents()
  const numbers = texts.map((text) => Number(text.split(' ')[1]))
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] as number) - at))
})

// The way of somebody who sees the studio for the first time, from an empty store to a corrected, restored and explained
// memory.

import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { openTab } from './browser'

test('a newcomer adds, corrects, restores and explains a memory', async () => {
  const { server, store } = await serve({ ui: true })
  const page = await openTab(server.url)

  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await page.getByRole('button', { name: 'Add a memory' }).click()
  await page.getByLabel('Text').fill('Ada drinks green tea')
  await page.getByLabel('User').fill('ada')
  await page.getByLabel('Tags').fill('taste, drink')
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()

  await page.locator('.content', { hasText: 'Ada drinks green tea' }).waitFor()
  const [added] = (await store.listMemories()).memories
  expect(added).toMatchObject({ content: 'Ada drinks green tea', user_id: 'ada', tags: ['taste', 'drink'] })
  const id = added?.id as string

  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Text', { exact: true }).fill('Ada drinks black coffee')
  await page.getByLabel('Why').fill('she said so')
  await page.getByRole('button', { name: 'Save' }).click()
  const versions = page.locator('.timeline li')
  await versions.nth(1).waitFor()
  expect(await versions.nth(0).locator('.diff del').allTextContents()).toEqual(['green tea'])
  expect(await versions.nth(0).locator('.diff ins').allTextContents()).toEqual(['black coffee'])
  expect(await versions.nth(0).textContent()).toContain('she said so')
  expect((await store.getHistory(id))[0]).toMatchObject({ version: 2, actor: 'studio', reason: 'she said so' })

  await page.getByRole('button', { name: 'Restore version 1' }).click()
  await page.locator('.content', { hasText: 'Ada drinks green tea' }).waitFor()
  expect(await store.getMemory(id)).toMatchObject({ version: 3, content: 'Ada drinks green tea' })
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click()
  await page.locator('.content', { hasText: 'Ada drinks black coffee' }).waitFor()
  expect(await store.getMemory(id)).toMatchObject({ version: 4, content: 'Ada drinks black coffee' })

  await page.getByLabel('Left').selectOption('1')
  await page.getByLabel('Right').selectOption('2')
  expect(await page.locator('.sides del').allTextContents()).toEqual(['green tea'])
  expect(await page.locator('.sides ins').allTextContents()).toEqual(['black coffee'])

  await page.getByRole('link', { name: 'Search' }).click()
  await page.getByLabel('Question').fill('Who drinks coffee?')
  const hit = page.locator('.hit')
  await hit.waitFor()
  expect(await hit.locator('mark').allTextContents()).toEqual(['drinks', 'coffee'])
  expect(await hit.getByRole('img').getAttribute('aria-label')).toMatch(/Words \+\d/)
  await hit.locator('summary').click()
  await hit.getByRole('rowheader', { name: 'lexical' }).waitFor()
  await page.getByRole('slider', { name: 'Threshold' }).fill('1')
  await page.getByRole('heading', { name: 'Dropped by the threshold' }).waitFor()
})

test('a deleted memory comes back with its history for as long as the page is open', async () => {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'first' })
  await store.updateMemory(id, { content: 'second' })
  const page = await openTab(`${server.url}/#/memories/${id}`)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await expect(store.getMemory(id)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { deleted: true } })
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await page.getByRole('button', { name: 'Undo (1)' }).click()
  await page.locator('.menu').getByRole('button', { name: 'Undo', exact: true }).click()
  await page.getByRole('row', { name: 'second' }).waitFor()
  expect((await store.getHistory(id)).map(({ content }) => content)).toEqual(['second', 'first'])
})

test('a past time shows everything as it was then, and changes nothing', async () => {
  const { server, store } = await serve({ ui: true })
  const { id, created_at } = await store.addMemory({ content: 'before', created_at: '2026-01-01' })
  expect(created_at).toMatch(/^2026/)
  const { updated_at } = await store.updateMemory(id, { content: 'after' })
  await store.addMemory({ content: 'too late' })
  const then = new Date(Date.parse(updated_at) - 1)
  // The reader's clock is in Berlin.
  const parts = { timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium' } as const
  const seconds = new Intl.DateTimeFormat('sv-SE', parts).format(then).replace(' ', 'T')
  const local = `${seconds}.${String(then.getMilliseconds()).padStart(3, '0')}`
  const page = await openTab(`${server.url}/#/memories/${id}?asOf=${local}`)
  await page.locator('.content', { hasText: 'before' }).waitFor()
  expect(await page.getByRole('button', { name: 'Edit' }).isDisabled()).toBe(true)
  expect(await page.getByRole('row').count()).toBe(1)
  await page.getByRole('button', { name: 'Back to now' }).click()
  await page.locator('.content', { hasText: 'after' }).waitFor()
  await page.getByRole('row', { name: 'too late' }).waitFor()
})

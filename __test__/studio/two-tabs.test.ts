// Two tabs change one memory. Who loses sees both sides and chooses; what they changed apart from each other both stays.

import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { serve } from '../helpers/server'
import { openTab } from './browser'

// The browser logs every refused request.
const tolerated = /409|412/

async function twoEditors(metadata: Record<string, string> = {}) {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'Ada drinks tea', tags: ['drink'], metadata })
  const url = `${server.url}/#/memories/${id}`
  // In windows of their own: a browser slows down what is behind another tab.
  const one = await openTab(url, { tolerated })
  const other = await openTab(url, { tolerated })
  for (const page of [one, other]) await page.getByRole('button', { name: 'Edit' }).click()
  return { store, id, one, other }
}

async function save(page: Page) {
  await page.getByRole('button', { name: 'Save' }).first().click()
}

test('who loses a race for the text sees both texts, and keeps the own one', async () => {
  const { store, id, one, other } = await twoEditors()
  await one.getByLabel('Text', { exact: true }).fill('Ada drinks coffee')
  await other.getByLabel('Text', { exact: true }).fill('Ada drinks cocoa')
  await save(other)
  await other.locator('.content', { hasText: 'cocoa' }).waitFor()
  await save(one)
  const dialog = one.getByRole('dialog', { name: 'Changed meanwhile' })
  await dialog.waitFor()
  expect(await dialog.locator('del').allTextContents()).toEqual(['cocoa'])
  expect(await dialog.locator('ins').allTextContents()).toEqual(['coffee'])
  expect(await dialog.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Keep yours').check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await one.locator('.content', { hasText: 'coffee' }).waitFor()
  // The other tab learns of it by itself.
  await other.locator('.content', { hasText: 'coffee' }).waitFor()
  const contents = (await store.getHistory(id)).map(({ content }) => content)
  expect(contents).toEqual(['Ada drinks coffee', 'Ada drinks cocoa', 'Ada drinks tea'])
})

test('who keeps the other side changes nothing', async () => {
  const { store, id, one, other } = await twoEditors()
  await one.getByLabel('Text', { exact: true }).fill('mine')
  await other.getByLabel('Text', { exact: true }).fill('theirs')
  await save(other)
  await other.locator('.content', { hasText: 'theirs' }).waitFor()
  await save(one)
  await one.getByLabel('Keep theirs').check()
  await one.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await one.locator('.content', { hasText: 'theirs' }).waitFor()
  expect(await store.getMemory(id)).toMatchObject({ version: 2, content: 'theirs' })
})

test('changes of different fields both stay', async () => {
  const { store, id, one, other } = await twoEditors({ mood: 'calm' })
  await one.getByLabel('Text', { exact: true }).fill('Ada drinks coffee')
  await other.getByLabel('Value of mood').fill('merry')
  await save(other)
  await other.getByRole('button', { name: 'Edit' }).waitFor()
  await save(one)
  await one.getByText('both changes can stay').waitFor()
  await one.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await one.locator('.content', { hasText: 'coffee' }).waitFor()
  expect(await store.getMemory(id)).toMatchObject({
    version: 3,
    content: 'Ada drinks coffee',
    metadata: { mood: 'merry' },
  })
})

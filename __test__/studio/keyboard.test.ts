// Can everything be done without a mouse? Only keys are pressed here.

import { setTimeout } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { serve } from '../helpers/server'
import { openTab } from './browser'

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, name: string, role = 'button') {
  const wanted = page.getByRole(role as 'button', { name, exact: true }).first()
  await wanted.waitFor()
  for (let presses = 0; presses < 80; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${role} ${name}`)
}

async function press(page: Page, name: string, role?: string) {
  await tabTo(page, name, role)
  await page.keyboard.press('Enter')
}

test('a memory is added, changed, restored, rated, deleted and brought back by keys', async () => {
  const { server, store } = await serve({ ui: true })
  const page = await openTab(server.url)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await page.keyboard.press('n')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type('Ada drinks tea')
  await page.keyboard.press('Control+Enter')
  await page.locator('.content', { hasText: 'Ada drinks tea' }).waitFor()
  const id = (await store.listMemories()).memories[0]?.id as string

  await page.keyboard.press('e')
  await page.getByRole('form', { name: 'Edit' }).waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Ada drinks coffee')
  await page.keyboard.press('Control+Enter')
  await page.locator('.content', { hasText: 'Ada drinks coffee' }).waitFor()
  await press(page, 'Restore version 1')
  await page.locator('.content', { hasText: 'Ada drinks tea' }).waitFor()
  await press(page, 'Useful')
  await page.getByRole('button', { name: 'Useful', pressed: true }).waitFor()
  await press(page, 'Reinforce')
  await page.getByText('Reinforced').waitFor()
  await press(page, 'Ended')
  await page.locator('.badge', { hasText: 'ended' }).waitFor()
  // The event of the deletion comes before its answer, and what is undone must be the deletion all the same.
  await page.route('**/memory/delete', async (route) => {
    const response = await route.fetch()
    await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
    await setTimeout(200)
    await route.fulfill({ response })
  })
  await page.keyboard.press('Delete')
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  await page.keyboard.press('u')
  await page.getByText('Undone: Deleted a memory').waitFor()
  expect((await store.getHistory(id)).map(({ event }) => event)).toEqual(['RETIRE', 'RESTORE', 'UPDATE', 'ADD'])
})

test('the list is walked, opened and selected by keys', async () => {
  const { server, store } = await serve({ ui: true })
  const base = Date.parse('2026-01-01')
  const items = Array.from({ length: 50 }, (_, at) => ({
    ...{ content: `memory ${at}`, user_id: at % 2 === 0 ? 'ada' : 'bob' },
    created_at: new Date(base + at * 1000),
  }))
  await store.addMemories(items)
  const page = await openTab(server.url)
  await page.getByRole('row', { name: 'memory 49' }).waitFor()
  await tabTo(page, 'Memories', 'grid')
  const list = page.getByRole('grid')
  const active = () =>
    list.evaluate((grid) => document.getElementById(grid.getAttribute('aria-activedescendant') ?? '')?.textContent)
  await page.keyboard.press('ArrowDown')
  expect(await active()).toContain('memory 48')
  await page.keyboard.press('End')
  await page.getByRole('row', { name: 'memory 0' }).waitFor()
  expect(await active()).toContain('memory 0')
  await page.keyboard.press('Home')
  await page.keyboard.press(' ')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByText('2 selected').waitFor()
  await press(page, 'Change', 'combobox').catch(() => {})
  await tabTo(page, 'Tag', 'textbox')
  await page.keyboard.type('seen')
  await page.keyboard.press('Enter')
  await page.getByText('Changed 2 memories').waitFor()
  expect((await store.listMemories({ filters: { tags: 'seen' } })).memories.map(({ content }) => content)).toEqual([
    ...['memory 49', 'memory 48'],
  ])
  await tabTo(page, 'Memories', 'grid')
  await page.keyboard.press('Enter')
  await page.locator('.content', { hasText: 'memory' }).waitFor()
  await page.keyboard.press('f')
  await page.keyboard.type('bob')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'User: bob' }).waitFor()
  await page.getByText('25 memories').waitFor()
})

test('views, help and theme have keys', async () => {
  const { server } = await serve({ ui: true })
  const page = await openTab(server.url)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  for (const [key, name] of [
    ['o', 'Overview'],
    ['r', 'Review'],
    ['m', 'Memories'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { name, level: 1 }).waitFor()
  }
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('t')
  expect(await page.locator('html').getAttribute('data-theme')).toBe('light')
  await page.keyboard.press('/')
  await page.keyboard.type('tea')
  expect(await page.getByLabel('Question').inputValue()).toBe('tea')
})

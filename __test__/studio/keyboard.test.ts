// Can everything be done without a mouse? Only keys are pressed here.

import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { fakeModel, operations } from '../helpers/fake-model'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'
import { openTab } from './browser'

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, wanted: Locator) {
  await wanted.waitFor()
  for (let presses = 0; presses < 80; presses += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${wanted}`)
}

type Role = Parameters<Page['getByRole']>[0]

async function tabIn(within: Page | Locator, name: string, role: Role = 'button') {
  const page = 'keyboard' in within ? within : within.page()
  await tabTo(page, within.getByRole(role, { name, exact: true }).first())
}

async function press(page: Page, name: string, role?: Role) {
  await tabIn(page, name, role)
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
  await tabIn(page, 'Memories', 'grid')
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
  await tabIn(page, 'Tag', 'textbox')
  await page.keyboard.type('seen')
  await page.keyboard.press('Enter')
  await page.getByText('Changed 2 memories').waitFor()
  expect((await store.listMemories({ filters: { tags: 'seen' } })).memories.map(({ content }) => content)).toEqual([
    ...['memory 49', 'memory 48'],
  ])
  await tabIn(page, 'Memories', 'grid')
  await page.keyboard.press('Enter')
  await page.locator('.content', { hasText: 'memory' }).waitFor()
  await page.keyboard.press('f')
  await page.keyboard.type('bob')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'User: bob' }).waitFor()
  await page.getByText('25 memories').waitFor()
})

test('files go out and come in by keys', async () => {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'Ada drinks tea' })
  await store.updateMemory(id, { content: 'Ada drinks coffee' })
  const page = await openTab(server.url)
  await page.getByRole('row', { name: 'Ada drinks coffee' }).waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')])
  const file = join(freshDirectory(), 'memories.jsonl')
  await download.saveAs(file)

  await store.deleteMemory(id)
  await page.getByRole('heading', { name: 'No memories yet' }).waitFor()
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press(page, 'Import')])
  await chooser.setFiles(file)
  const dialog = page.getByRole('dialog', { name: 'Import memories.jsonl' })
  await dialog.waitFor()
  await tabIn(dialog, 'Import')
  await page.keyboard.press('Enter')
  await dialog.getByText('1 imported').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: 'Ada drinks coffee' }).waitFor()
  expect((await store.getHistory(id)).map(({ event }) => event)).toEqual(['UPDATE', 'ADD'])
})

test('a lost race is decided by keys', async () => {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'Ada drinks tea' })
  const page = await openTab(`${server.url}/#/memories/${id}`, { tolerated: /409|412/ })
  await page.locator('.content', { hasText: 'Ada drinks tea' }).waitFor()
  await page.keyboard.press('e')
  await page.getByRole('form', { name: 'Edit' }).waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('Ada drinks coffee')
  await store.updateMemory(id, { content: 'Ada drinks cocoa' })
  await page.keyboard.press('Control+Enter')
  const dialog = page.getByRole('dialog', { name: 'Changed meanwhile' })
  await dialog.waitFor()
  // Tab leads to the first of two radio buttons, and arrows to the other.
  await tabIn(dialog, 'Keep theirs', 'radio')
  await page.keyboard.press('ArrowDown')
  await tabIn(dialog, 'Save')
  await page.keyboard.press('Enter')
  await page.locator('.content', { hasText: 'Ada drinks coffee' }).waitFor()
  const contents = (await store.getHistory(id)).map(({ content }) => content)
  expect(contents).toEqual(['Ada drinks coffee', 'Ada drinks cocoa', 'Ada drinks tea'])
})

test('proposals are reviewed and taken back by keys', async () => {
  const model = await fakeModel(
    operations(() => [
      { quote: 'got a cat', text: 'Ada has a cat' },
      { quote: 'moved to Lisbon', text: 'Ada lives in Lisbon' },
    ]),
  )
  const { server, store } = await serve({ ui: true }, { languageModel: model.endpoint })
  await store.learn('I got a cat and moved to Lisbon', { user_id: 'ada', mode: 'propose' })
  const contents = async () => (await store.listMemories()).memories.map(({ content }) => content)
  const page = await openTab(`${server.url}/#/review`)
  await page.getByText('Ada has a cat').waitFor()
  await press(page, 'Apply proposal 1')
  await page.getByText('Applied the proposal').waitFor()
  expect(await contents()).toEqual(['Ada has a cat'])
  await press(page, 'Discard proposal 2')
  await page.getByRole('heading', { name: 'Nothing waits' }).waitFor()
  await tabTo(page, page.locator('details.learning summary'))
  await page.keyboard.press('Enter')
  await press(page, 'Take it back')
  await page.getByText('Took the learning back').waitFor()
  expect(await contents()).toEqual([])
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

// Changes of many, files in and out, what others do meanwhile, and what waits for review.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fakeModel, numberOf, operations } from '../helpers/fake-model'
import { serve } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'
import { openTab } from './browser'

test('changes of others come in by themselves, and filters hold for them', async () => {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'one', user_id: 'ada' })
  const page = await openTab(`${server.url}/#/memories?user_id=ada`)
  await page.getByRole('row', { name: 'one' }).waitFor()
  await store.addMemory({ content: 'of bob', user_id: 'bob' })
  await store.addMemory({ content: 'two', user_id: 'ada' })
  await page.getByRole('row', { name: 'two' }).waitFor()
  await store.updateMemory(id, { content: 'three' })
  await page.getByRole('row', { name: 'three' }).waitFor()
  expect(await page.locator('.row-content').allTextContents()).toEqual(['two', 'three'])
  await store.deleteMemory(id)
  await page.getByRole('row', { name: 'three' }).waitFor({ state: 'detached' })
  expect(await page.getByText('of bob').count()).toBe(0)
})

test('a selection is tagged and deleted at once, and both are undone', async () => {
  const { server, store } = await serve({ ui: true })
  const added = await store.addMemories(['one', 'two', 'three'].map((content) => ({ content })))
  expect(added.every(({ ok }) => ok)).toBe(true)
  const page = await openTab(server.url)
  for (const name of ['Select one', 'Select two']) await page.getByRole('checkbox', { name }).click()
  await page.getByRole('textbox', { name: 'Tag' }).fill('seen')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('Changed 2 memories').waitFor()
  expect((await store.listMemories({ filters: { tags: 'seen' } })).memories).toHaveLength(2)
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone: Changed 2 memories').waitFor()
  expect((await store.listMemories({ filters: { tags: 'seen' } })).memories).toHaveLength(0)
  await page.getByRole('form', { name: 'Selection' }).getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Deleted 2 memories').waitFor()
  expect((await store.listMemories()).memories.map(({ content }) => content)).toEqual(['three'])
  await page.keyboard.press('u')
  await page.getByText('Undone: Deleted 2 memories').waitFor()
  await page.getByRole('row', { name: 'one' }).waitFor()
  expect((await store.stats()).memories).toBe(3)
})

test('a file is exported, and dropped on the page to be imported', async () => {
  const { server, store } = await serve({ ui: true })
  const { id } = await store.addMemory({ content: 'first', user_id: 'ada' })
  await store.updateMemory(id, { content: 'second' })
  await store.addMemory({ content: 'of bob', user_id: 'bob' })
  const page = await openTab(`${server.url}/#/memories?user_id=ada`)
  await page.getByRole('row', { name: 'second' }).waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export', exact: true }).click(),
  ])
  expect(download.suggestedFilename()).toMatch(/^openmemory-memories-\d{4}-\d\d-\d\d\.jsonl$/)
  const file = join(freshDirectory(), 'memories.jsonl')
  await download.saveAs(file)
  const other = openEmbedded()
  expect(await other.importFrom(file)).toMatchObject({ imported: 1, failed: 0 })

  await store.deleteMemories({ all: true })
  await page.getByText('No memory matches').waitFor()
  const lines = readFileSync(file, 'utf8')
  await page.evaluate((text) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([text], 'memories.jsonl'))
    const drop = document.querySelector('.drop') as Element
    for (const type of ['dragover', 'drop']) {
      drop.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }))
    }
  }, lines)
  const dialog = page.getByRole('dialog', { name: 'Import memories.jsonl' })
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.getByText('1 imported').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('row', { name: 'second' }).waitFor()
  expect((await store.getHistory(id)).map(({ content }) => content)).toEqual(['second', 'first'])
})

test('a damaged file is refused with what to do, and imports nothing', async () => {
  const { server, store } = await serve({ ui: true })
  const page = await openTab(server.url, { tolerated: /400/ })
  const file = join(freshDirectory(), 'damaged.jsonl')
  writeFileSync(file, '{"nothing": true}\n')
  await page.locator('input[type=file]').setInputFiles(file)
  const dialog = page.getByRole('dialog', { name: 'Import damaged.jsonl' })
  await dialog.getByRole('button', { name: 'Import' }).click()
  await dialog.getByRole('alert').waitFor()
  expect((await store.stats()).memories).toBe(0)
})

test('metadata is edited as text and JSON, and a field is removed', async () => {
  const { server, store } = await serve({ ui: true })
  const metadata = { text: 'plain', number: 3, digits: '3', list: ['a'], gone: true }
  const { id } = await store.addMemory({ content: 'Ada drinks tea', metadata })
  const page = await openTab(`${server.url}/#/memories/${id}`)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Value of number').fill('4')
  await page.getByRole('button', { name: 'Remove gone' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Edit' }).waitFor()
  expect((await store.getMemory(id)).metadata).toEqual({ text: 'plain', number: 4, digits: '3', list: ['a'] })
  const [version] = await store.getHistory(id)
  expect(version?.changes.map(({ field }) => field).sort()).toEqual(['metadata.gone', 'metadata.number'])
})

test('proposals of a language model are reviewed one by one, and taken back', async () => {
  const model = await fakeModel(
    operations((asked) => [
      ...[{ quote: 'got a cat', text: 'Ada has a cat' }],
      {
        ...{ op: 'update', memory: numberOf(asked, 'Ada lives in Berlin'), text: 'Ada lives in Lisbon' },
        ...{ change: 'new_state', quote: 'moved to Lisbon' },
      },
    ]),
  )
  const { server, store } = await serve({ ui: true }, { languageModel: model.endpoint })
  const { id } = await store.addMemory({ content: 'Ada lives in Berlin', user_id: 'ada' })
  await store.learn('I got a cat and moved to Lisbon', { user_id: 'ada', mode: 'propose' })
  const page = await openTab(server.url)
  await page.getByRole('link', { name: 'Review 1 waiting' }).click()
  const change = page.locator('.proposal', { hasText: 'Lisbon' })
  await change.waitFor()
  expect(await change.locator('del').allTextContents()).toEqual(['Berlin'])
  await page.getByRole('button', { name: 'Apply proposal 2' }).click()
  await page.getByText('Applied the proposal').waitFor()
  expect((await store.getMemory(id)).content).toBe('Ada lives in Lisbon')
  await page.getByRole('button', { name: 'Discard proposal 1' }).click()
  await page.getByRole('heading', { name: 'Nothing waits' }).waitFor()
  expect((await store.stats()).memories).toBe(1)
  await page.locator('details.learning summary').click()
  await page.getByRole('button', { name: 'Take it back' }).click()
  await page.getByText('Took the learning back').waitFor()
  expect((await store.getMemory(id)).content).toBe('Ada lives in Berlin')
})

test('the overview counts what there is', async () => {
  const { server, store } = await serve({ ui: true })
  const day = 86_400_000
  const now = Date.now()
  const at = (ago: number) => new Date(now - ago * day)
  await store.addMemories([
    { content: 'one', user_id: 'ada', created_at: at(3) },
    { content: 'two', user_id: 'ada', created_at: at(3) },
    { content: 'three', user_id: 'bob', created_at: at(40) },
  ])
  const page = await openTab(`${server.url}/#/overview`)
  await page.getByRole('img', { name: /^Memories added a day: 2 in 30 days, at most 2 a day/ }).waitFor()
  expect(await page.getByRole('list', { name: 'user_id' }).textContent()).toBe('ada2bob1')
  await page.getByRole('link', { name: 'ada' }).click()
  await page.getByText('2 memories').waitFor()
})

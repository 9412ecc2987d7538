// Is every view for everybody? axe-core finds no violation, dark and light, wide and narrow.

import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { fakeModel, operations } from '../helpers/fake-model'
import { serve } from '../helpers/server'
import { openTab } from './browser'

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: it is put into the page as text
    const { violations } = await (globalThis as any).axe.run(document)
    return violations.flatMap(({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
      nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
    )
  })
}

async function filled() {
  const model = await fakeModel(operations(() => [{ quote: 'got a cat', text: 'Ada has a cat' }]))
  const { server, store } = await serve({ ui: true }, { languageModel: model.endpoint })
  const texts = ['Ada drinks tea', 'Ada was happy on Friday', 'To deploy, run the tests first', 'Ada learned to wait']
  const items = texts.map((content) => ({ content, user_id: 'ada', tags: ['one', 'two'], metadata: { n: 1 } }))
  const [first] = await store.addMemories(items)
  if (!first?.ok) throw new Error('not added')
  const { id } = first.memory
  await store.updateMemory(id, { content: 'Ada drinks coffee' }, { actor: 'agent', reason: 'she said so' })
  await store.updateMemory(id, { content: 'Ada drinks cocoa', tags: ['one'] })
  await store.learn('I got a cat', { user_id: 'ada', mode: 'propose' })
  return { url: server.url, id }
}

const WAYS = [
  { colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { colorScheme: 'light', viewport: { width: 390, height: 800 } },
] as const

test.each(WAYS)('no view has a violation, %j', async (way) => {
  const { url, id } = await filled()
  const page = await openTab(`${url}/#/memories`, way)
  const found: Record<string, string[]> = {}
  const look = async (name: string) => {
    found[name] = await violations(page)
    const { overflow } = await page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }))
    expect([name, overflow]).toEqual([name, 0])
  }
  const go = async (hash: string, ready: string) => {
    await page.goto(`${url}/#/${hash}`)
    await page.locator(ready).first().waitFor()
  }

  await page.getByRole('row').first().waitFor()
  await look('memories')
  await page.getByRole('checkbox', { name: 'Select' }).first().click()
  await page.getByRole('form', { name: 'Selection' }).waitFor()
  await look('selection')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('dialog').waitFor()
  await look('new memory')
  await page.keyboard.press('Escape')
  await go(`memories/${id}`, '.timeline li')
  await look('memory')
  await page.getByLabel('Left').selectOption('1')
  await page.getByLabel('Right').selectOption('3')
  await page.locator('.sides').waitFor()
  await look('side by side')
  await page.getByRole('button', { name: 'Edit' }).click()
  await look('edit')
  await go('search?q=What+does+Ada+drink', '.hit')
  await page.locator('.hit summary').first().click()
  await look('search')
  await go('overview', '.panel:nth-child(7) li')
  await look('overview')
  await go('review', '.proposal')
  await look('review')
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
  await look('help')
  expect(Object.entries(found).filter(([, list]) => list.length > 0)).toEqual([])
})

test('the reference of the API has no violation', async () => {
  const { url } = await filled()
  const page = await openTab(`${url}/docs`)
  await page
    .getByRole('button', { name: /^patch \/memory\/\{id\}/i })
    .first()
    .click({ noWaitAfter: true })
  await page.locator('.opblock.is-open .responses-table[aria-label]').waitFor()
  expect(await violations(page)).toEqual([])
  await page.evaluate(() => document.documentElement.classList.add('dark-mode'))
  await page.waitForFunction(() => document.getAnimations().length === 0)
  expect(await violations(page)).toEqual([])
})

test('the view that asks for a key has no violation', async () => {
  const { server } = await serve({ ui: true, apiKeys: ['a-key-of-this-test-only'] })
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openTab(server.url, { colorScheme, tolerated: /401/ })
    await page.getByLabel('Key').waitFor()
    expect(await violations(page)).toEqual([])
  }
})

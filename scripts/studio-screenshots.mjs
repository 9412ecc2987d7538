// How does the studio look? Pictures of five views, light and dark, with memories of its own, in docs/images/studio or, with
// `--out DIR`, elsewhere. Times differ with each run, so pictures are replaced and not compared.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { OpenMemory } from '@openmemory/sdk'
import { chromium } from 'playwright-core'
import { root } from './platform.mjs'

const { out = join(root, 'docs', 'images', 'studio') } = parseArgs({ options: { out: { type: 'string' } } }).values
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
]
const DAY_MS = 86_400_000

const MEMORIES = [
  ['Ada drinks green tea in the morning', 'ada', ['taste', 'drink']],
  ['Ada lives in Berlin, near the Landwehrkanal', 'ada', ['home']],
  ['To deploy, run the tests first, then tag the release and push', 'bob', ['work', 'how-to']],
  ['Bob is allergic to peanuts', 'bob', ['health']],
  ['Ada was excited about the concert on Friday', 'ada', ['music']],
  ['Bob prefers short answers with code', 'bob', ['style']],
  ['Looking back, Bob learned that small commits save time', 'bob', ['work']],
  ['Cleo met her new manager on Monday', 'cleo', ['work']],
  ['Cleo plays the violin on weekends', 'cleo', ['music']],
  ['Cleo felt relieved after the meeting', 'cleo', ['work']],
]

/** Proposes two changes of what it is shown, and one addition. */
const languageModel = {
  id: 'example-model',
  complete({ user }) {
    const { memories } = JSON.parse(user)
    const number = (word) => memories.find(({ text }) => text.includes(word))?.n ?? 999
    const base = { others: [], message: 1, text: null, change: null, from: null, until: null, memory: null }
    const operations = [
      {
        ...{ ...base, op: 'update', memory: number('Berlin'), text: 'Ada lives in Lisbon', change: 'new_state' },
        ...{ quote: 'I moved to Lisbon', because: 'she moved' },
      },
      { ...base, op: 'add', quote: 'I got a cat', text: 'Ada has a cat', because: 'it is new' },
    ]
    return JSON.stringify({ operations })
  },
}

const directory = mkdtempSync(join(tmpdir(), 'openmemory-studio-'))
const om = new OpenMemory({ path: join(directory, 'store'), languageModel })
const executablePath =
  process.env.OPENMEMORY_CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((place) => existsSync(place))
const browser = await chromium.launch({ executablePath, args: FLAGS })
try {
  const id = await fill()
  const { url } = await om.serve({ port: 0, ui: true })
  mkdirSync(out, { recursive: true })
  for (const colorScheme of ['light', 'dark']) {
    const options = { viewport: { width: 1060, height: 640 }, locale: 'en-GB', timezoneId: 'Europe/Berlin' }
    const page = await browser.newPage({ ...options, colorScheme })
    const take = async (name, address, ready) => {
      await page.goto(`${url}/#/${address}`)
      await page.locator(ready).first().waitFor()
      // Drawn, and without the cursor in a field.
      await page.evaluate(() => document.activeElement?.blur())
      await page.screenshot({ path: join(out, `${name}-${colorScheme}.png`) })
    }
    await take('memories', 'memories', '.row')
    await take('memory', `memories/${encodeURIComponent(id)}`, '.timeline li:nth-child(3)')
    await take('search', `search?q=${encodeURIComponent('What does Ada drink?')}`, '.hit')
    await take('overview', 'overview', '.panel:nth-child(7) li')
    await take('review', 'review', '.proposal')
    await page.close()
  }
  console.log(`Took ten pictures into ${out}`)
} finally {
  await browser.close()
  await om.close()
  rmSync(directory, { recursive: true, force: true })
}

/** The id of a memory with several versions. */
async function fill() {
  const start = Date.now() - (MEMORIES.length * 2 + 1) * DAY_MS
  const items = MEMORIES.map(([content, user_id, tags], at) => {
    return { content, user_id, tags, metadata: { source: 'chat' }, created_at: new Date(start + at * 2 * DAY_MS) }
  })
  const [first] = await om.addMemories(items)
  const { id } = first.memory
  const coffee = 'Ada drinks black coffee in the morning, and green tea in the afternoon'
  await om.updateMemory(
    id,
    { content: coffee, tags: ['taste', 'drink', 'verified'] },
    { actor: 'agent-7', reason: 'she said so on the phone' },
  )
  await om.updateMemory(
    id,
    { content: coffee.replace('green', 'mint'), metadata: { source: 'phone' } },
    { actor: 'ada' },
  )
  await om.learn('I moved to Lisbon last week, and I got a cat.', { user_id: 'ada', mode: 'propose' })
  return id
}

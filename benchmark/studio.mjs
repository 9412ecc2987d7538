// How fast is the studio? First paint and first list with 10 000 memories, and how smoothly 100 000 are scrolled to the end,
// in Chromium without a window. Usage: node benchmark/studio.mjs [--memories 100000]

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { OpenMemory } from '../index.mjs'

const { values } = parseArgs({ options: { memories: { type: 'string', default: '100000' } } })
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
]
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = process.env.OPENMEMORY_CHROMIUM ?? PLACES.find((place) => existsSync(place))
/** Pixels a frame: 19 rows, faster than anybody reads. */
const STEP = 1200
const VISITS = 7

const directory = mkdtempSync(join(tmpdir(), 'openmemory-studio-'))
const om = new OpenMemory({ path: join(directory, 'store'), embedder: 'test', durability: 'interval' })
const browser = await chromium.launch({ executablePath, args: FLAGS })
try {
  const { url } = await om.serve({ port: 0, ui: true })
  await fill(0, 10_000)
  const visits = []
  for (let visit = 0; visit < VISITS; visit += 1) visits.push(await firstVisit(url))
  const median = (name) => visits.map((visit) => visit[name]).sort((one, other) => one - other)[VISITS >> 1]
  console.log(
    `10000 memories: first paint ${median('paint')} ms, first list ${median('list')} ms (medians of ${VISITS})`,
  )

  const count = Number(values.memories)
  await fill(10_000, count)
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(url)
  await page.locator('.row').first().waitFor()
  const begun = Date.now()
  const { p95, max, frames, rows, loaded } = await scrolled(page, count)
  console.log(
    `${loaded} memories scrolled to the end in ${((Date.now() - begun) / 1000).toFixed(1)} s: frames of ` +
      `${p95.toFixed(1)} ms at p95, ${max.toFixed(1)} ms at most (${frames} frames); at most ${rows} rows in the document`,
  )
} finally {
  await browser.close()
  await om.close()
  rmSync(directory, { recursive: true, force: true })
}

async function fill(from, to) {
  const start = Date.parse('2026-01-01')
  for (let at = from; at < to; at += 1000) {
    const items = Array.from({ length: 1000 }, (_, more) => {
      const number = at + more
      const content = `Memory ${number}: what somebody said in conversation ${number % 977}, and what was decided then`
      const user_id = `user-${number % 50}`
      return {
        content,
        user_id,
        tags: [`tag-${number % 20}`, 'bench'],
        embed: false,
        created_at: new Date(start + number * 60_000),
      }
    })
    await om.addMemories(items)
  }
}

/** In a profile without a cache. */
async function firstVisit(url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector('.row')) globalThis.listAt = performance.now()
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  await page.goto(url)
  await page.waitForFunction(() => globalThis.listAt !== undefined)
  const measured = await page.evaluate(() => ({
    paint: Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN),
    list: Math.round(globalThis.listAt),
  }))
  await context.close()
  return measured
}

/** As __test__/studio/scroll.ts does. */
function scrolled(page, count) {
  return page.evaluate(
    async ({ count, step }) => {
      const list = document.querySelector('.list')
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
      const durations = []
      let [rows, last, loaded] = [0, await frame(), 0]
      for (;;) {
        list.scrollTop += step
        const now = await frame()
        durations.push(now - last)
        last = now
        const shown = document.querySelectorAll('[role=row]')
        rows = Math.max(rows, shown.length)
        loaded = Math.max(loaded, Number([...shown].at(-1)?.getAttribute('aria-rowindex') ?? 0))
        if (loaded >= count && list.scrollTop + list.clientHeight >= list.scrollHeight - 1) break
      }
      durations.sort((one, other) => one - other)
      const p95 = durations[Math.floor(durations.length * 0.95)]
      return { p95, max: durations.at(-1), frames: durations.length, rows, loaded }
    },
    { count, step: STEP },
  )
}

// The studio in a real browser: Chromium without a window. What it asks of any other server fails the test.

import { existsSync } from 'node:fs'
import { afterAll, afterEach, expect } from '@jest/globals'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  // Without these it asks servers of its maker.
  ...['--disable-background-networking', '--disable-component-update'],
]

let browser: Promise<Browser> | undefined
/** What each open page has done wrong. */
const problems: string[] = []
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((context) => context.close()))
  expect(problems.splice(0)).toEqual([])
})

afterAll(async () => {
  await (await browser)?.close()
  browser = undefined
})

export function launch(): Promise<Browser> {
  browser ??= chromium.launch({ executablePath: executable(), args: FLAGS })
  return browser
}

function executable(): string {
  const found = process.env.OPENMEMORY_CHROMIUM ?? PLACES.find((place) => existsSync(place))
  if (found) return found
  throw new Error(
    'The tests of the studio need Chromium: "apt-get install chromium", or its path in OPENMEMORY_CHROMIUM',
  )
}

interface Opening extends BrowserContextOptions {
  /** Failures that the page reports on its console. */
  tolerated?: RegExp
}

/** A window with a profile of its own, at this address. */
export async function openTab(url: string, { tolerated, ...options }: Opening = {}): Promise<Page> {
  const context = await (await launch()).newContext({
    ...{ locale: 'en-GB', timezoneId: 'Europe/Berlin', viewport: { width: 1280, height: 800 } },
    ...options,
  })
  open.push(context)
  return watched(await context.newPage(), url, tolerated)
}

async function watched(page: Page, url: string, tolerated?: RegExp): Promise<Page> {
  const { origin } = new URL(url)
  page.setDefaultTimeout(30_000)
  page.on('request', (request) => {
    const address = request.url()
    if (!address.startsWith(`${origin}/`) && !/^(blob|data):/.test(address)) problems.push(`asked ${address}`)
  })
  page.on('pageerror', (error) => problems.push(`threw ${error.message}`))
  page.on('console', (message) => {
    // Servers are closed before pages.
    const expected = message.text().includes('ERR_CONNECTION_REFUSED') || tolerated?.test(message.text())
    if (message.type() === 'error' && !expected) problems.push(`logged ${message.text()}`)
  })
  await page.goto(url)
  return page
}

// What may a browser do with the files of the studio, and who gets them? Asked without a browser.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'

const BUILT = join(__dirname, '..', '..', 'dist', 'studio')
const PAGES = ['/', '/docs']
const ASSETS = readdirSync(join(BUILT, 'assets')).map((name) => `/studio/assets/${name.replace(/\.gz$/, '')}`)

test('the studio is at most 200 kB compressed', () => {
  const files = ['index.html', 'assets/studio.js.gz', 'assets/studio.css.gz', 'assets/icon.svg']
  const sizes = files.map((file) => readFileSync(join(BUILT, file)).length)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200_000)
})

test('no file names another server to load from', () => {
  for (const page of ['index.html', 'docs.html']) {
    const html = readFileSync(join(BUILT, page), 'utf8')
    expect(
      [...html.matchAll(/(?:src|href)="([^"]*)"/g)].filter(([, at]) => !at?.startsWith('/studio/assets/')),
    ).toEqual([])
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style| on\w+=/)
  }
})

test('a browser may load, ask and show nothing of other origins', async () => {
  const { ask } = await serve({ ui: true })
  for (const path of [...PAGES, ...ASSETS]) {
    const { status, headers } = await ask('GET', path)
    expect([path, status]).toEqual([path, 200])
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    })
  }
  for (const path of PAGES) {
    const policy = String((await ask('GET', path)).headers['content-security-policy'])
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"]) {
      expect(policy.split('; ')).toContain(part)
    }
    expect(policy).not.toMatch(/unsafe|\*|http/)
  }
})

test('a file that the browser has is not sent again', async () => {
  const { ask } = await serve({ ui: true })
  for (const path of [...PAGES, ...ASSETS]) {
    const { headers, text } = await ask('GET', path)
    const etag = String(headers.etag)
    expect(text.length).toBeGreaterThan(0)
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const again = await ask('GET', path, { headers: { 'if-none-match': tag } })
      expect([path, again.status, again.text]).toEqual([path, 304, ''])
    }
    expect((await ask('GET', path, { headers: { 'if-none-match': '"x"' } })).status).toBe(200)
  }
})

test.each(['identity', 'gzip'])(
  'code and styles are compressed on disk, and arrive as they are read (%s)',
  async (encoding) => {
    const { server } = await serve({ ui: true })
    for (const name of ['studio.js', 'docs.js', 'studio.css']) {
      const path = `http://127.0.0.1:${server.port}/studio/assets/${name}`
      const response = await fetch(path, { headers: { 'accept-encoding': encoding } })
      const source = gunzipSync(readFileSync(join(BUILT, 'assets', `${name}.gz`)))
      expect([name, response.headers.get('content-encoding')]).toEqual([name, encoding === 'gzip' ? 'gzip' : null])
      expect([name, Buffer.from(await response.arrayBuffer()).equals(source)]).toEqual([name, true])
    }
  },
)

test('no path leads to any other file', async () => {
  const { ask } = await serve({ ui: true })
  const paths = ['/studio', '/studio/', '/studio/assets', '/studio/assets/', '/studio/index.html', '/index.html']
  const climbing = ['../index.html', '..%2Findex.html', '%2e%2e/%2e%2e/package.json', '..\\index.html', 'studio.js%00']
  for (const path of [...paths, ...climbing.map((name) => `/studio/assets/${name}`)]) {
    const { status } = await ask('GET', path)
    expect([path, [400, 404].includes(status)]).toEqual([path, true])
  }
  expect((await ask('POST', '/')).status).toBe(405)
})

test('pages of other origins and rebound names get nothing of it', async () => {
  const { ask } = await serve({ ui: true })
  for (const path of [...PAGES, ...ASSETS]) {
    const asked = await ask('GET', path, { headers: { host: 'evil.example' } })
    expect([path, asked.status]).toEqual([path, 403])
    const from = await ask('GET', path, { headers: { origin: 'https://evil.example' } })
    expect([path, from.status, from.headers['access-control-allow-origin']]).toEqual([path, 403, undefined])
  }
})

test('the pages take no key, and what they ask does', async () => {
  const { ask } = await serve({ ui: true, apiKeys: ['a-key-of-this-test-only'] })
  for (const path of [...PAGES, ...ASSETS]) expect([path, (await ask('GET', path)).status]).toEqual([path, 200])
  expect((await ask('POST', '/memory/list', { body: {} })).status).toBe(401)
})

test('a server serves it only if asked to, and then keeps its API', async () => {
  const { ask } = await serve()
  expect(await ask('GET', '/')).toMatchObject({ status: 404, body: { err: 'nf' } })
  expect((await ask('GET', ASSETS[0] as string)).status).toBe(404)
  expect((await ask('GET', '/docs')).text).not.toContain('<script')
  const { ask: other } = await serve({ ui: true })
  expect((await other('GET', '/health')).body).toMatchObject({ ok: true })
  expect((await other('GET', '/nowhere')).body).toMatchObject({ err: 'nf' })
  await expect(serve({ ui: 'yes' as unknown as boolean })).rejects.toMatchObject({ field: 'ui' })
})

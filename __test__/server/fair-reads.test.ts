// Reads of one tenant leave threads to the others, and end with their requests.

import { request } from 'node:http'
import { expect, test } from '@jest/globals'
import { serve } from '../helpers/server'
import { longTexts, slowFilter } from '../helpers/slow-filter'

const [acme, beta] = ['key-of-the-tenant-acme', 'key-of-the-tenant-beta']

async function served() {
  const served = await serve({ apiKeys: [`acme=${acme}`, `beta=${beta}`] })
  const added = await served.ask('POST', '/memory/batch', { key: acme, body: { items: longTexts } })
  expect(added.status).toBe(200)
  await served.ask('POST', '/memory/add', { key: beta, body: { id: 'm', content: 'tea' } })
  return served
}

/** Slow requests of acme's, until they are cut off. */
function flood(port: number, path: string, body: object, count: number) {
  const text = JSON.stringify(body)
  let ended = 0
  const requests = Array.from({ length: count }, () => {
    const headers = { 'content-type': 'application/json', 'x-api-key': acme }
    const asked = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent: false }, (response) => {
      response.resume().on('end', () => (ended += 1))
    })
    asked.on('error', () => undefined)
    asked.end(text)
    return asked
  })
  const cut = () => {
    for (const asked of requests) asked.destroy()
  }
  return { ended: () => ended, cut }
}

test.each([
  ['lists', '/memory/list', { filters: slowFilter }],
  ['searches', '/memory/search', { query: 'lorem', filters: slowFilter }],
  ['deletions', '/memory/delete', { filters: slowFilter }],
  ['exports', '/export', { filters: slowFilter }],
  ["lists on Mem0's path", '/v3/memories/', { filters: { OR: [{ user_id: '*' }, slowFilter] } }],
])('while one tenant’s %s walk through its store, another tenant reads at once', async (_, path, body) => {
  const { ask, server } = await served()
  const slow = flood(server.port, path, body, 16)
  for (let n = 0; n < 20; n++) {
    expect((await ask('GET', '/memory/m', { key: beta })).status).toBe(200)
    expect((await ask('POST', '/memory/list', { key: beta, body: {} })).body.items).toHaveLength(1)
  }
  expect(slow.ended()).toBeLessThan(16)
  slow.cut()
})

test.each([
  ['list', '/memory/list', { filters: slowFilter }],
  ['search', '/memory/search', { query: 'lorem', filters: slowFilter }],
  ['deletion', '/memory/delete', { filters: slowFilter }],
])('a %s ends soon after its client has gone', async (_, path, body) => {
  const { ask, server } = await served()
  const begun = performance.now()
  await ask('POST', path, { key: acme, body })
  const whole = performance.now() - begun
  const slow = flood(server.port, path, body, 16)
  // Later than all of these it is in line for acme's threads.
  await ask('GET', '/memory/m', { key: beta })
  slow.cut()
  const after = performance.now()
  expect((await ask('POST', '/memory/list', { key: acme, body: { limit: 1 } })).status).toBe(200)
  expect(performance.now() - after).toBeLessThan(whole)
})

const everybody: [string, Record<string, string>, Record<string, string>][] = [
  ['/memory/list', {}, {}],
  ['/memory/search', { query: 'x' }, {}],
  ['/memory/query', { query: 'x' }, {}],
  ['/memory/delete', {}, {}],
  ['/export', {}, {}],
  ['/watch', {}, {}],
  ['/v3/memories/', {}, { user_id: 'ann' }],
  ['/v2/memories/search/', { query: 'x' }, { user_id: 'ann' }],
]

test.each(everybody)('a filter’s path is bounded on %s', async (path, body, named) => {
  const { ask } = await serve()
  const filters = { ...named, [`metadata.${'.'.repeat(300_000)}`]: 'x' }
  const refused = await ask('POST', path, { body: { ...body, filters } })
  // Mem0's clients know no 413.
  expect(refused.status).toBe(path.startsWith('/v') ? 400 : 413)
  expect(refused.text.length).toBeLessThan(1000)
})

test('an offset passes over memories as they would be listed', async () => {
  const { ask, store } = await serve()
  await store.addMemories(Array.from({ length: 25 }, (_, n) => ({ id: `m${n}`, content: `note ${n}`, user_id: 'ann' })))
  for (const path of ['/memory/all', '/users/ann/memories']) {
    const all = (await ask('GET', path)).body.items.map(({ id }: { id: string }) => id)
    const some = (await ask('GET', `${path}?l=5&u=7`)).body
    expect(some.items.map(({ id }: { id: string }) => id)).toEqual(all.slice(7, 12))
    const next = (await ask('GET', `${path}?l=5&cursor=${some.next_cursor}`)).body
    expect(next.items.map(({ id }: { id: string }) => id)).toEqual(all.slice(12, 17))
    expect((await ask('GET', `${path}?l=5&u=23`)).body.items).toHaveLength(2)
    expect((await ask('GET', `${path}?l=10&u=4294967295`)).body).toEqual({ items: [] })
  }
})

// @openmemory/sdk/remote runs where there is no Node: bundled for the browser, with nothing but web functions.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'
import { serve } from '../helpers/server'

const WEB = {
  ...{ fetch, URL, URLSearchParams, TextEncoder, TextDecoder, AbortController, AbortSignal, crypto },
  ...{ setTimeout, clearTimeout, structuredClone },
}
const KEY = 'a-key-for-the-page'

/** Not OpenMemory: redirects, answers something else, or nothing. */
let elsewhere: Server

beforeAll(async () => {
  elsewhere = createServer(({ url }, response) => {
    if (url?.startsWith('/redirect')) response.writeHead(302, { location: 'https://example.com/' }).end()
    else if (url?.startsWith('/other')) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  elsewhere.closeAllConnections()
  elsewhere.close()
})

test.each([
  ['in a browser', WEB],
  ['without crypto, as in Node 18', { ...WEB, crypto: undefined }],
])('the bundle has no part of Node, and does the same %s', async (_, functions) => {
  const { server } = await serve({ apiKeys: [KEY] })
  const { outputFiles, warnings } = buildSync({
    entryPoints: [join(__dirname, '..', 'children', 'web-client.mjs')],
    ...{ bundle: true, platform: 'browser', format: 'iife', write: false, metafile: true },
  })
  expect(warnings).toEqual([])
  const code = outputFiles[0]?.text as string
  expect(code).not.toMatch(/\brequire\(|["']node:|\.node["']/)

  const seen = await new Promise<string>((resolve, reject) => {
    const given = {
      url: server.url,
      apiKey: KEY,
      elsewhere: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`,
    }
    const report = (work: Promise<string>) => work.then(resolve, reject)
    new Script(code).runInContext(createContext({ ...functions, given, report }))
  })
  expect(JSON.parse(seen)).toEqual([
    {
      ...{ progress: [100, 151], iterated: 151, reindexed: 0, embedded: 151, added: 150 },
      ...{ refused: 'INVALID_ARGUMENT', updated: [2, {}, 'Ada drinks tea 🍵'], lost: 2, gone: 'mem_none' },
      ...{ found: ['Ada drinks coffee'], best: ['Ada drinks coffee'], history: 2, restored: 'Ada drinks tea 🍵' },
      ...{ change: ['ADD', 'note 0'], odd: true, dots: 'INVALID_ARGUMENT', aborted: 'ABORTED', deleted: 152 },
      ...{ exported: 'INVALID_ARGUMENT', served: 'INVALID_ARGUMENT', closed: 'CLOSED' },
    },
    {
      ...{ key: 'UNAUTHORIZED', redirect: 'UNAVAILABLE', foreign: 'UNAVAILABLE', silent: 'TIMEOUT' },
      ...{ unreachable: 'UNAVAILABLE', path: 'INVALID_ARGUMENT', nothing: 'INVALID_ARGUMENT' },
    },
  ])
})

// One process opens the directory and serves it over HTTP. Clients use the same methods, one tenant per key.
// `node examples/server-and-remote.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const server = await om.serve({ port: 0, apiKeys: ['acme=a-long-key-of-acme', 'globex=a-long-key-of-globex'] })

// These two could be on other machines, or in another language: see docs/guide/running-a-server.md and clients/python.
const acme = new OpenMemory({ url: server.url, apiKey: 'a-long-key-of-acme' })
const globex = new OpenMemory({ url: server.url, apiKey: 'a-long-key-of-globex' })

const { id } = await acme.addMemory({ content: 'The launch is on Monday' })
const moved = await acme.updateMemory(id, { content: 'The launch is on Friday' }, { reason: 'moved' })
console.log(moved.version, (await acme.searchMemories('When is the launch?'))[0].content)
console.log((await globex.getMemory(id).catch((error) => error)).code)

// Any HTTP client works.
const response = await fetch(`${server.url}/memory/${id}`, {
  method: 'PATCH',
  headers: { 'X-API-Key': 'a-long-key-of-acme', 'Content-Type': 'application/json' },
  body: JSON.stringify({ tags: ['launch'] }),
})
const { version, tags } = await response.json()
console.log(response.status, version, tags)

await Promise.all([acme.close(), globex.close()])
await server.close()
await om.close()
rmSync(path, { recursive: true })

// Prints:
// 2 The launch is on Friday
// NOT_FOUND
// 200 3 [ 'launch' ]

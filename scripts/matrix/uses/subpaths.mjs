// The subpaths that need no framework, as ES modules and as CommonJS, over a store and over the client without Node.

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'
import * as adk from '@openmemory/sdk/adk'
import * as ai from '@openmemory/sdk/ai'
import * as anthropic from '@openmemory/sdk/anthropic'
import * as llamaindex from '@openmemory/sdk/llamaindex'
import * as mem0 from '@openmemory/sdk/mem0'
import * as openaiAgents from '@openmemory/sdk/openai-agents'
import { OpenMemory as Remote } from '@openmemory/sdk/remote'

const require = createRequire(import.meta.url)
const required = (name) => require(`@openmemory/sdk/${name}`)

/** What each finds that the store has; it may write for users of its own. */
const FINDS = {
  ai: [ai, async ({ memoryTools }, store) => memoryTools(store).search_memories.execute({ query: 'tea' })],
  adk: [
    adk,
    ({ OpenMemoryService }, store) =>
      new OpenMemoryService(store).searchMemory({ appName: 'app', userId: 'ada', query: 'tea' }),
  ],
  anthropic: [
    anthropic,
    async ({ memoryToolHandlers }, store) => {
      const { create, view } = memoryToolHandlers(store, { userId: `files ${Math.random()}` })
      await create({ command: 'create', path: '/memories/a.txt', file_text: 'Ada drinks tea' })
      return view({ command: 'view', path: '/memories/a.txt' })
    },
  ],
  llamaindex: [
    llamaindex,
    ({ MemoryBlock }, store) =>
      new MemoryBlock(store, { userId: 'ada' }).get([{ id: '1', role: 'user', content: 'tea' }]),
  ],
  'openai-agents': [
    openaiAgents,
    async ({ MemorySession }, store) => {
      const session = new MemorySession(store, { sessionId: `chat ${Math.random()}` })
      await session.addItems([{ role: 'user', content: 'Ada drinks tea' }])
      return session.getItems()
    },
  ],
}

const path = mkdtempSync(join(tmpdir(), 'openmemory-matrix-'))
const om = new OpenMemory({ path, embedder: 'test' })
const server = await om.serve({ port: 0 })
try {
  await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada', app_id: 'app' })
  const stores = [om, new Remote({ url: server.url }), new (required('remote').OpenMemory)({ url: server.url })]
  for (const store of stores) {
    for (const [name, [imported, find]] of Object.entries(FINDS)) {
      for (const exported of [imported, required(name)]) mustFind(name, await find(exported, store))
    }
  }
  for (const { Memory } of [mem0, required('mem0')]) {
    mustFind('mem0', await new Memory({ openmemory: om }).search('tea', { filters: { user_id: 'ada' } }))
  }
  await Promise.all(stores.slice(1).map((store) => store.close()))
} finally {
  await server.close()
  await om.close()
  rmSync(path, { recursive: true, force: true })
}

function mustFind(name, found) {
  if (!JSON.stringify(found).includes('Ada drinks tea')) throw new Error(`${name} found ${JSON.stringify(found)}`)
}

// The subpaths that need no framework, as ES modules and as CommonJS: tools over a store, and over the client without Node.

import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'
import { memoryTools } from '@openmemory/sdk/ai'
import { OpenMemory as Remote } from '@openmemory/sdk/remote'

const require = createRequire(import.meta.url)
const path = mkdtempSync(join(tmpdir(), 'openmemory-matrix-'))
const om = new OpenMemory({ path, embedder: 'test' })
const server = await om.serve({ port: 0 })
try {
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  const stores = [
    om,
    new Remote({ url: server.url }),
    new (require('@openmemory/sdk/remote').OpenMemory)({ url: server.url }),
  ]
  for (const store of stores) {
    for (const tools of [memoryTools, require('@openmemory/sdk/ai').memoryTools]) {
      const { matches } = await tools(store).search_memories.execute({ query: 'tea' })
      if (matches[0]?.id !== id) throw new Error(`found ${JSON.stringify(matches)}`)
    }
  }
  await Promise.all(stores.slice(1).map((store) => store.close()))
} finally {
  await server.close()
  await om.close()
  rmSync(path, { recursive: true, force: true })
}

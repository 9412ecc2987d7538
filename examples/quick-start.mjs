// Store two facts, correct one, find it, and read its earlier version. `node examples/quick-start.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })

const { id } = await om.addMemory({ content: 'Ada drinks tea', tags: ['taste'], metadata: { source: 'chat' } })
await om.addMemory({ content: 'Ada lives in Lisbon' })

const memory = await om.updateMemory(id, { content: 'Ada drinks coffee now', metadata: { verified: true } })
console.log(memory.version, memory.metadata)

const [best] = await om.searchMemories('What does she like to drink?')
console.log(best.content)
console.log((await om.getMemory(id, { version: 1 })).content)

await om.close()
rmSync(path, { recursive: true })

// Prints:
// 2 { source: 'chat', verified: true }
// Ada drinks coffee now
// Ada drinks tea

// LlamaIndex.TS: a memory block that recalls what the user said in an earlier conversation. `node examples/llamaindex.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemory } from '@llamaindex/core/memory'
import { OpenMemory } from '@openmemory/sdk'
import { MemoryBlock } from '@openmemory/sdk/llamaindex'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const block = new MemoryBlock(om, { userId: 'ada', limit: 1 })
await block.put([{ id: 'm1', role: 'user', content: 'I live in Lisbon' }])

const memory = createMemory({ memoryBlocks: [block] })
await memory.add({ role: 'user', content: 'What is my home town?' })
for (const { role, content } of await memory.getLLM()) console.log(`${role}: ${content}`)
await om.close()
rmSync(path, { recursive: true })

// Prints:
// memory: I live in Lisbon
// user: What is my home town?

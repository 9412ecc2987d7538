// Mastra: an agent's conversations and vectors in one directory. Node 22.13 or later. `node examples/mastra.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MockMemory } from '@mastra/core/memory'
import { OpenMemory } from '@openmemory/sdk'
import { OpenMemoryStorage } from '@openmemory/sdk/mastra'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
// An application takes `Memory` of @mastra/memory, with the same option.
const memory = new MockMemory({ storage: new OpenMemoryStorage(om) })

const thread = await memory.createThread({ threadId: 'chat-1', resourceId: 'ada', title: 'Homes' })
const content = { format: 2, parts: [{ type: 'text', text: 'I live in Lisbon' }] }
const said = { id: 'm1', role: 'user', threadId: thread.id, resourceId: 'ada', createdAt: new Date(), content }
await memory.saveMessages({ messages: [said] })
const { messages } = await memory.recall({ threadId: thread.id, resourceId: 'ada' })
console.log(messages.map(({ role, content }) => `${role}: ${content.parts[0].text}`))
const [found] = await om.searchMemories('What is her home town?', { filters: { user_id: 'ada' } })
console.log(found.content)
await om.close()
rmSync(path, { recursive: true })

// Prints:
// [ 'user: I live in Lisbon' ]
// I live in Lisbon

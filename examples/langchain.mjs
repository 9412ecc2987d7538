// LangChain: a chain that retrieves memories, and a history that outlives the process. `node examples/langchain.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeListChatModel } from '@langchain/core/utils/testing'
import { OpenMemory } from '@openmemory/sdk'
import { MemoryChatHistory, MemoryRetriever } from '@openmemory/sdk/langchain'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const model = new FakeListChatModel({ responses: ['Noted.'] })

const history = new MemoryChatHistory(om, { sessionId: 'chat-1', userId: 'ada' })
await history.addUserMessage('I live in Lisbon')
await history.addMessage(await model.invoke(await history.getMessages()))
console.log((await history.getMessages()).map(({ type, content }) => `${type}: ${content}`))

const [found] = await new MemoryRetriever(om, { userId: 'ada', limit: 1 }).invoke('What is her home town?')
console.log(found.pageContent)
await om.close()
rmSync(path, { recursive: true })

// Prints:
// [ 'human: I live in Lisbon', 'ai: Noted.' ]
// I live in Lisbon

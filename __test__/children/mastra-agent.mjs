// Two agents of Mastra after each other, each with a storage of its own on the store in this directory: how many messages
// each was given by its history, and who has said something then.

import process from 'node:process'
import { Agent } from '@mastra/core/agent'
import { MockMemory } from '@mastra/core/memory'
import { OpenMemory } from '@openmemory/sdk'
import { OpenMemoryStorage } from '@openmemory/sdk/mastra'

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const given = []
const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
/** Answers, and counts the messages that it is asked with. */
const model = {
  ...{ specificationVersion: 'v2', provider: 'test', modelId: 'test', supportedUrls: {} },
  async doGenerate({ prompt }) {
    given.push(prompt.length)
    return { content: [{ type: 'text', text: 'Noted.' }], finishReason: 'stop', usage, warnings: [] }
  },
}

for (const said of ['I live in Lisbon', 'Where do I live?']) {
  const memory = new MockMemory({ storage: new OpenMemoryStorage(om) })
  const agent = new Agent({ id: 'a', name: 'a', instructions: 'Be brief.', model, memory })
  await agent.generate(said, { memory: { thread: 't1', resource: 'ada' } })
}
const memory = await new OpenMemoryStorage(om).getStore('memory')
const { messages } = await memory.listMessages({ threadId: 't1' })
const [found] = await om.searchMemories('Lisbon', { filters: { user_id: 'ada', run_id: 't1' }, limit: 1 })
await om.close()
process.send({ given, roles: messages.map(({ role }) => role), found: found?.content })

// The OpenAI Agents SDK: a conversation that continues in another session object, and an agent with memory tools. The model
// is scripted; replace it with a real one. `node examples/openai-agents.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, Runner } from '@openai/agents-core'
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing'
import { OpenMemory } from '@openmemory/sdk'
import { MemorySession, memoryTools } from '@openmemory/sdk/openai-agents'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const add = functionCall('add_memory', { content: 'Ada lives in Lisbon' }, { callId: '1' })
const model = new ScriptedModel([[add], [assistantMessage('Noted.')], [assistantMessage('In Lisbon.')]])
const agent = new Agent({ name: 'assistant', model, tools: memoryTools(om, { userId: 'ada' }) })
const runner = new Runner({ tracingDisabled: true })

for (const question of ['I live in Lisbon.', 'Where do I live?']) {
  const session = new MemorySession(om, { sessionId: 'chat-1', userId: 'ada' })
  console.log((await runner.run(agent, question, { session })).finalOutput, (await session.getItems()).length, 'items')
}
const [best] = await om.searchMemories('home town', { filters: { user_id: 'ada', run_id: { exists: false } } })
console.log(best.content)
await om.close()
rmSync(path, { recursive: true })

// Prints:
// Noted. 4 items
// In Lisbon. 6 items
// Ada lives in Lisbon

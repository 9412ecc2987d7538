// Google's Agent Development Kit: an agent is told what its user said in an earlier session. The model is scripted; replace
// it with Gemini. `node examples/adk.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BaseLlm, InMemorySessionService, LlmAgent, PRELOAD_MEMORY, Runner } from '@google/adk'
import { OpenMemory } from '@openmemory/sdk'
import { OpenMemoryService } from '@openmemory/sdk/adk'

class ScriptedLlm extends BaseLlm {
  async *generateContentAsync(request) {
    const text = /I live in Lisbon/.test(request.config.systemInstruction) ? 'In Lisbon.' : 'Noted.'
    yield { content: { role: 'model', parts: [{ text }] } }
  }
}

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const [sessionService, memoryService] = [new InMemorySessionService(), new OpenMemoryService(om)]
const agent = new LlmAgent({ name: 'agent', model: new ScriptedLlm({ model: 'scripted' }), tools: [PRELOAD_MEMORY] })
const runner = new Runner({ appName: 'app', agent, sessionService, memoryService })
for (const text of ['I live in Lisbon', 'Where do I live?']) {
  const { id: sessionId } = await sessionService.createSession({ appName: 'app', userId: 'ada' })
  const run = { userId: 'ada', sessionId, newMessage: { role: 'user', parts: [{ text }] } }
  for await (const { content } of runner.runAsync(run)) console.log(content.parts[0].text)
  await memoryService.addSessionToMemory(await sessionService.getSession({ appName: 'app', userId: 'ada', sessionId }))
}
await om.close()
rmSync(path, { recursive: true })

// Prints:
// Noted.
// In Lisbon.

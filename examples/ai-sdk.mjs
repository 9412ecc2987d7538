// The Vercel AI SDK: a middleware recalls what the user said in an earlier conversation. The model is a mock that repeats
// its first memory; replace it with a provider's. `node examples/ai-sdk.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'
import { memoryMiddleware } from '@openmemory/sdk/ai'
import { generateText, wrapLanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path })
const mock = new MockLanguageModelV3({
  doGenerate: async ({ prompt }) => answer(/^- .*: (.*)$/m.exec(prompt[0].content)),
})
const model = wrapLanguageModel({ model: mock, middleware: memoryMiddleware(om, { userId: 'ada', remember: true }) })

for (const prompt of ['I live in Lisbon.', 'Where do I live?'])
  console.log((await generateText({ model, prompt })).text)
await om.close()
rmSync(path, { recursive: true })

function answer(memory) {
  const content = [{ type: 'text', text: memory ? `You said: ${memory[1]}` : 'Noted.' }]
  return { content, finishReason: { unified: 'stop' }, usage: { inputTokens: {}, outputTokens: {} }, warnings: [] }
}

// Prints:
// Noted.
// You said: I live in Lisbon.

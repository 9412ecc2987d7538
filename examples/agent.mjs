// An agent that remembers between conversations: before each answer it recalls, and its model may call tools that add or
// correct memories. The model here is a stub that follows a script; put a call of yours in its place.
// `node examples/agent.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path, userId: 'ada' })

/** What the model may call. Ids come from what it recalled, so a correction changes the memory it is about. */
const tools = {
  remember: ({ content }) => om.addMemory({ content }),
  correct: ({ id, content, reason }) => om.updateMemory(id, { content }, { actor: 'agent', reason }),
}

async function answer(message) {
  const recalled = await om.searchMemories(message, { limit: 3 })
  const messages = [
    { role: 'system', content: `You know:\n${recalled.map(({ id, content }) => `${id}: ${content}`).join('\n')}` },
    { role: 'user', content: message },
  ]
  for (;;) {
    const reply = await model(messages)
    if (!reply.call) return reply.content
    const result = await tools[reply.call.name](reply.call.arguments)
    messages.push(reply, { role: 'tool', content: JSON.stringify({ id: result.id, version: result.version }) })
  }
}

/** Stands for a language model: reads what it was given, calls a tool once, then answers. */
async function model(messages) {
  const [system, user, , result] = messages
  if (result) return { role: 'assistant', content: `Noted (version ${JSON.parse(result.content).version}).` }
  const known = /^(mem_\w+): (.*lives.*)$/m.exec(system.content)
  const city = /(?:live in|moved to) (\w+)/.exec(user.content)?.[1]
  if (!city) return { role: 'assistant', content: known ? `I remember: ${known[2]}.` : 'I do not know yet.' }
  const content = `Ada lives in ${city}`
  const call = known
    ? { name: 'correct', arguments: { id: known[1], content, reason: user.content } }
    : { name: 'remember', arguments: { content } }
  return { role: 'assistant', call }
}

for (const message of ['Where do I live?', 'I live in Lisbon.', 'I moved to Porto last week!', 'Where do I live?']) {
  console.log(`> ${message}\n${await answer(message)}`)
}
console.log((await om.stats()).memories, 'memory')

await om.close()
rmSync(path, { recursive: true })

// Prints:
// > Where do I live?
// I do not know yet.
// > I live in Lisbon.
// Noted (version 1).
// > I moved to Porto last week!
// Noted (version 2).
// > Where do I live?
// I remember: Ada lives in Porto.
// 1 memory

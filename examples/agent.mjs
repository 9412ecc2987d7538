// An agent that remembers across conversations. It searches its memories before each answer, and its model can call
// tools that add or correct memories. The model is a scripted stub; replace it with a call to your own model.
// `node examples/agent.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenMemory } from '@openmemory/sdk'

const path = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path, userId: 'ada' })

/** The tools of the model. It gets ids from the search results, so a correction changes the right memory. */
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

/** A stub for a language model: reads the messages, calls at most one tool, then answers. */
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

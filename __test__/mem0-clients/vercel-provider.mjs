// Mem0's provider for Vercel's AI SDK, with its default settings, against the server at the address given: it remembers
// what is said, and finds it. The language model behind it is scripted.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import process from 'node:process'
import { addMemories, createMem0, getMemories, retrieveMemories, searchMemories } from '@mem0/vercel-ai-provider'
import { generateText } from 'ai'

const [host, mem0ApiKey] = process.argv.slice(2)
const asked = []
const model = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    asked.push(JSON.parse(body).messages)
    const choice = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Noted.' } }
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
    const answer = { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
}).listen(0, '127.0.0.1')
await new Promise((resolve) => model.once('listening', resolve))
const config = { baseURL: `http://127.0.0.1:${model.address().port}/v1` }

// It sends the whole conversation at each turn, so each message must be there once.
const provider = createMem0({ mem0ApiKey, apiKey: 'k', config, mem0Config: { host, user_id: 'ada' } })
const said = ['I play the cello', 'I have two cats', 'I work as a nurse', 'I drink tea', 'I live in Porto', 'I run']
const messages = []
for (const content of [...said, 'As what do I work?']) {
  messages.push({ role: 'user', content })
  const { text, sources } = await generateText({ model: provider.chat('m'), messages })
  messages.push({ role: 'assistant', content: text })
  if (content !== 'As what do I work?') continue
  const { memories } = sources[0].providerMetadata.mem0
  assert(memories.slice(0, 3).some(({ memory }) => memory === 'I work as a nurse'))
  assert.match(asked.at(-1)[0].content, /I work as a nurse/)
  assert.equal(new Set(memories.map(({ memory }) => memory)).size, memories.length)
}
model.close()

// Its functions: images are left out, and a query may be long.
const settings = { mem0ApiKey, host, user_id: 'bob' }
const image = { type: 'file', mediaType: 'image/png', data: 'https://example.com/cat.png' }
const { status, results, left_out } = await addMemories(
  [{ role: 'user', content: [{ type: 'text', text: 'I prefer trains' }, image] }],
  settings,
)
assert.equal(status, 'SUCCEEDED')
assert.deepEqual([results.map(({ memory }) => memory), left_out], [['I prefer trains'], ['messages[1].content']])
const again = await addMemories('I prefer trains', settings)
assert.deepEqual([again.results[0].id, again.results[0].event], [results[0].id, 'NOOP'])
assert.deepEqual(
  (await getMemories('trains or planes', settings)).map(({ memory }) => memory),
  ['I prefer trains'],
)
assert.match(await retrieveMemories('trains', settings), /Memory: I prefer trains/)
const found = await searchMemories(`${'and then '.repeat(2000)}trains`, settings)
assert.equal(found.results[0].memory, 'I prefer trains')
console.log('every method passed')

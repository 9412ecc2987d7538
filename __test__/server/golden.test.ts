// The golden transcripts of the design by the command line, by the Python client and by a model's tools: the same answers as from
// the SDK.

import { execFile, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import type { Learning, MemoryPage } from '@openmemory/sdk'
import { AT, type Golden, goldenModel, OF_THE_DESIGN, prepared } from '../helpers/golden'
import { pythonWith } from '../helpers/python'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
const PYTHON = join(__dirname, '..', '..', 'clients', 'python', 'src')
const run = promisify(execFile)

/** Reads a call from its arguments, and prints what was learnt and what is known then. */
const SCRIPT = `
import json, sys
from openmemory import OpenMemory
url, call = sys.argv[1], json.loads(sys.argv[2])
with OpenMemory(base_url=url, user_id="ada") as om:
    learning = om.learn(call["messages"], **{"at": call["at"], **call["options"]})
    memories = [vars(memory) for memory in om.list_memories(filters={"user_id": "ada"}, limit=1000).memories]
print(json.dumps({"learning": learning, "memories": memories}))
`

/** Makes a call against a server in this process. */
type Learn = (url: string, call: Golden['calls'][number]) => Promise<{ learning: Learning } & MemoryPage>

async function golden(transcript: Golden, learn: Learn) {
  const model = await goldenModel(transcript)
  const { store, server } = await serve({}, { userId: 'ada', languageModel: model.endpoint })
  await prepared(store, transcript)
  let known: MemoryPage['memories'] = []
  for (const call of transcript.calls) {
    const before = model.exchanges.length
    const { learning, memories } = await learn(server.url, call)
    expect(learning.operations.map(({ state, error }) => error?.code ?? state)).toEqual(call.expect)
    expect(model.exchanges.length - before).toBe(call.requests ?? 1)
    known = memories
    model.next()
  }
  const after = transcript.after.map((memory) => expect.objectContaining(memory))
  expect(known.map(({ content }) => content).sort()).toEqual(transcript.after.map(({ content }) => content).sort())
  expect(known).toEqual(expect.arrayContaining(after))
}

async function byCommand(url: string, { messages, options = {} }: Golden['calls'][number]) {
  const { run_id, from, ...others } = options
  if (Object.keys(others).length > 0) throw new Error(`no flag for ${Object.keys(others)}`)
  const file = join(freshDirectory(), 'chat.json')
  writeFileSync(file, JSON.stringify(messages))
  const env = { ...process.env, OPENMEMORY_URL: url, OPENMEMORY_PATH: '' }
  const flags = [...(run_id ? ['--run', run_id] : []), ...(from ?? []).flatMap((role) => ['--from', role])]
  const ask = async (...args: string[]) =>
    JSON.parse((await run(process.execPath, [CLI, ...args, '--user', 'ada', '--json'], { env })).stdout)
  const learning = await ask('learn', file, '--at', AT, '--yes', ...flags)
  return { learning, ...(await ask('list', '--limit', '1000')) }
}

test.each(OF_THE_DESIGN)('by the command line: $name', (transcript) => golden(transcript, byCommand), 60_000)

/** Calls a tool. */
type Use = (name: string, args: object) => Promise<Record<string, unknown>>

/** The tool leaves changes to a person, who agrees here where a program would have had them applied. */
async function byTools(use: Use, { messages, options = {}, expect: states }: Golden['calls'][number]) {
  const { run_id, ...others } = options
  if (Object.keys(others).length > 0) throw new Error(`no argument for ${Object.keys(others)}`)
  const [only] = messages
  const isText = messages.length === 1 && Object.keys(only ?? {}).join() === 'content'
  const told = isText ? { text: only?.content } : { messages }
  let learning = await use('learn', { ...told, at: AT, ...(run_id && { run_id }) })
  const waits = (learning.operations as { state: string }[]).some(({ state }) => state === 'waiting')
  if (waits && states.includes('applied')) {
    learning = await use('review_changes', { learning: learning.id, decision: 'apply' })
  }
  const operations = (learning.operations as { state: string; refused?: string }[]).map(({ state, refused }) => {
    return { state, ...(refused && { error: { code: refused } }) }
  })
  const listed = await use('list_memories', { limit: 1000 })
  return { learning: { ...learning, operations }, memories: listed.memories } as never
}

const message = (method: string, params?: object, id?: number) => ({ jsonrpc: '2.0', ...{ id, method, params } })

interface Called {
  result: { structuredContent?: Record<string, unknown>; content: { text: string }[] }
}

/** What a tool answers, as data. */
function dataOf({ result }: Called) {
  return result.structuredContent ?? JSON.parse(result.content[0]?.text ?? '')
}

const byHttp: Learn = (url, call) =>
  byTools(async (name, args) => {
    const body = JSON.stringify(message('tools/call', { name, arguments: args }, 1))
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const response = await fetch(`${url}/mcp?user=ada`, { method: 'POST', headers, body })
    return dataOf((await response.json()) as Called)
  }, call)

const byStdio: Learn = async (url, call) => {
  // The server's model is asked; this one only says that there is one.
  const env = { ...process.env, OPENMEMORY_PATH: '', OPENMEMORY_LLM_URL: url, OPENMEMORY_LLM_MODEL: 'scripted' }
  const host = spawn(process.execPath, [CLI, 'mcp', '--url', url, '--user', 'ada'], { env })
  const lines = createInterface(host.stdout)[Symbol.asyncIterator]()
  let last = 0
  try {
    return await byTools(async (name, args) => {
      last += 1
      host.stdin.write(`${JSON.stringify(message('tools/call', { name, arguments: args }, last))}\n`)
      return dataOf(JSON.parse((await lines.next()).value))
    }, call)
  } finally {
    host.stdin.end()
  }
}

test.each(OF_THE_DESIGN)('by the tools over HTTP: $name', (transcript) => golden(transcript, byHttp), 60_000)
test.each(OF_THE_DESIGN)('by the tools over stdio: $name', (transcript) => golden(transcript, byStdio), 60_000)

const found = pythonWith('client', 'httpx>=0.27,<1', 'pytest>=8,<9', 'mypy>=1.11,<2')
if ('missing' in found) {
  console.warn(`SKIPPED: the Python client was not tried. ${found.missing}`)
} else {
  const env = { ...process.env, PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1' }
  const byPython: Learn = async (url, { messages, options = {} }) => {
    const call = JSON.stringify({ messages, options, at: AT })
    return JSON.parse((await run(found.python, ['-c', SCRIPT, url, call], { env })).stdout)
  }
  test.each(OF_THE_DESIGN)('by the Python client: $name', (transcript) => golden(transcript, byPython), 60_000)
}

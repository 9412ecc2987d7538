// The command that scores a language model: a perfect one makes no mistake, and each kind of mistake is counted as what it is.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { type Asked, type Behaviour, fakeModel, numberOf, operations, refuses } from './helpers/fake-model'
import { freshDirectory } from './helpers/store'

const run = promisify(execFile)
const cli = join(__dirname, '..', 'dist', 'cli', 'index.js')
const FOLDER = join(__dirname, 'learning')
const FILES = readdirSync(FOLDER).map((file) => join(FOLDER, file))

type Answer = Record<string, unknown>
interface Transcript {
  calls: { messages: { content: string }[]; answer: Answer[] }[]
}

async function evaluated(files: string[], ...behaviours: Behaviour[]) {
  const { endpoint } = await fakeModel(...behaviours)
  const env = { ...process.env, OPENMEMORY_LLM_URL: endpoint.url, OPENMEMORY_LLM_MODEL: endpoint.model }
  const args = [cli, 'evaluate', ...files, '--embedder', 'test', '--json']
  const { stdout } = await run(process.execPath, args, { env, maxBuffer: 1 << 24 })
  return JSON.parse(stdout)
}

function resolved(answer: Answer[], asked: Asked): object[] {
  const number = (given: unknown) => (typeof given === 'string' ? numberOf(asked, given) : given)
  return answer.map(({ memory, others, ...rest }) => ({
    ...rest,
    memory: number(memory ?? null),
    others: ((others as unknown[]) ?? []).map(number),
  }))
}

test('a model that answers as the transcripts do is right everywhere', async () => {
  const transcripts = FILES.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')) as Transcript[])
  const calls = transcripts.flatMap((transcript) => transcript.calls)
  let at = 0
  const perfect = operations((asked) => {
    const last = asked.messages.at(-1)?.text ?? ''
    const from = calls.slice(at).findIndex(({ messages }) => messages.some(({ content }) => content === last))
    const found =
      from < 0 ? calls.find(({ messages }) => messages.some(({ content }) => content === last)) : calls[at + from]
    if (from >= 0) at += from + 1
    return resolved(found?.answer ?? [], asked)
  })
  const report = await evaluated(FILES, perfect)
  expect(report).toMatchObject({ transcripts: transcripts.length, missed: 0, stale: 0, invented: 0, wrong: [] })
  expect(report.right).toBeGreaterThan(40)
  expect(report.input_tokens).toBe(report.calls * 100)
}, 120_000)

test('what is missing, stale, invented and failed is counted', async () => {
  const file = join(freshDirectory(), 'own.json')
  const moved = {
    op: 'update',
    memory: 'Ada lives in Lisbon',
    change: 'new_state',
    quote: 'moved to Porto',
    text: 'Ada lives in Porto',
  }
  const cat = { quote: 'got a cat', text: 'Ada has a cat' }
  const one = (name: string) => ({
    name,
    memories: [{ content: 'Ada lives in Lisbon' }],
    calls: [
      {
        messages: [{ content: 'I moved to Porto and got a cat' }],
        answer: [moved, cat],
        expect: ['applied', 'applied'],
      },
    ],
  })
  writeFileSync(file, JSON.stringify([one('in other words'), one('only adds'), one('fails')]))
  const report = await evaluated(
    [file],
    operations((asked) => [
      { ...moved, memory: numberOf(asked, 'Ada lives in Lisbon'), text: 'Ada now lives in Porto' },
      { ...cat, text: 'Ada has got a cat' },
    ]),
    operations(() => [
      { quote: 'moved to Porto', text: 'Ada lives in Porto' },
      { quote: 'got a cat', text: 'The neighbours of everybody else complain at night' },
    ]),
    refuses(401, 'no'),
  )
  expect(report).toMatchObject({ right: 2, missed: 4, stale: 2, invented: 2, failures: { http: 1 } })
  expect(report.wrong).toEqual(['only adds', 'fails'])
})

test.each([
  [[], 'FILE is missing'],
  [[join(FOLDER, 'none.json')], 'is not a file of JSON'],
  [[join(__dirname, '..', 'package.json')], 'must be a list of transcripts'],
])('wrong usage is named: %j', async (files, why) => {
  const env = { ...process.env, OPENMEMORY_LLM_URL: 'http://127.0.0.1:9', OPENMEMORY_LLM_MODEL: 'x' }
  const failed = run(process.execPath, [cli, 'evaluate', ...files], { env }).catch((error) => error)
  expect(await failed).toMatchObject({ code: 2, stderr: expect.stringContaining(why) })
})

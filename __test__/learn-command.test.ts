// The commands that learn: a diff that a person reads, and exit codes that a script reads.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type FakeModel, fakeModel, numberOf, operations, refuses } from './helpers/fake-model'
import { serve } from './helpers/server'
import { freshDirectory, openEmbedded } from './helpers/store'

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')

interface Outcome {
  code: number
  out: string
  err: string
}

function run(path: string, model: FakeModel, ...args: string[]): Promise<Outcome> {
  const { url, model: name } = model.endpoint
  const llm = { OPENMEMORY_LLM_URL: url, OPENMEMORY_LLM_MODEL: name, OPENMEMORY_LLM_API_KEY: 'k' }
  const env = { ...process.env, OPENMEMORY_PATH: path, OPENMEMORY_URL: '', NO_COLOR: '1', ...llm }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], { env }, (error, out, err) =>
      resolve({ code: (error?.code as number | undefined) ?? 0, out, err }),
    )
    child.stdin?.end()
  })
}

const MOVED = operations((asked) => [
  {
    ...{ op: 'update', memory: numberOf(asked, 'Ada lives in Lisbon'), change: 'new_state', from: '2026-03-02' },
    ...{ quote: 'moved to Porto yesterday', text: 'Ada lives in Porto' },
  },
])

/** A store of the shipped model, as the command opens it, with a conversation in a file. */
async function scene(...behaviours: Parameters<typeof fakeModel>) {
  const [path, folder] = [freshDirectory(), freshDirectory()]
  const model = await fakeModel(...behaviours)
  const om = openEmbedded({ path, embedder: undefined })
  await om.addMemory({ id: 'a', content: 'Ada lives in Lisbon', user_id: 'ada', created_at: '2024-06-10' })
  await om.close()
  const file = join(folder, 'chat.json')
  writeFileSync(file, JSON.stringify([{ role: 'user', content: 'I moved to Porto yesterday', at: '2026-03-03' }]))
  return { path, model, file }
}

test('a dry run shows what would change, and the change can be applied, explained and undone', async () => {
  const { path, model, file } = await scene(MOVED)
  const dry = await run(path, model, 'learn', file, '--user', 'ada', '--dry')
  expect(dry.code).toBe(0)
  expect(dry.out).toContain('~ Ada lives in Lisbon → Ada lives in Porto  since 2026-03-02  "moved to Porto yesterday"')
  const learnt = await run(path, model, 'learn', file, '--user', 'ada', '--json')
  const learning = JSON.parse(learnt.out)
  expect([learnt.code, learning.status, learning.operations[0].state]).toEqual([0, 'done', 'applied'])
  expect(model.exchanges.at(-1)?.headers.authorization).toBe('Bearer k')
  const sources = await run(path, model, 'sources', 'a')
  expect(sources.out).toContain('version 2  "moved to Porto yesterday"')
  const listed = await run(path, model, 'learnings', '--user', 'ada', '--json')
  expect(JSON.parse(listed.out).learnings.map(({ id }: { id: string }) => id)).toEqual([learning.id])
  const undone = await run(path, model, 'undo', learning.id, '--actor', 'eve')
  expect([undone.code, undone.out.includes('undone')]).toEqual([0, true])
  expect((await run(path, model, 'get', 'a')).out).toContain('Ada lives in Lisbon')
}, 120_000)

test('changes wait for a review, which wants to be told what to do', async () => {
  const { path, model, file } = await scene(MOVED)
  const categories = ['--category', 'home', '--category', 'pets']
  const learnt = await run(path, model, 'learn', file, '--user', 'ada', '--review', '--json', ...categories)
  const waiting = JSON.parse(learnt.out)
  expect(waiting.status).toBe('waiting')
  expect(model.exchanges[0]?.asked).toMatchObject({ categories: [{ name: 'home' }, { name: 'pets' }] })
  expect((await run(path, model, 'review', waiting.id)).code).toBe(2)
  const decided = await run(path, model, 'review', waiting.id, '--apply', '0', '--json')
  expect(JSON.parse(decided.out).operations[0].state).toBe('applied')
}, 120_000)

test('a model that fails is a failure, and wrong options are wrong usage', async () => {
  const { path, model, file } = await scene(refuses(401, 'wrong key'))
  const failed = await run(path, model, 'learn', file, '--user', 'ada', '--json')
  expect([failed.code, JSON.parse(failed.out).error.code]).toEqual([1, 'LANGUAGE_MODEL_FAILED'])
  expect((await run(path, model, 'learn', file, '--dry', '--yes')).code).toBe(2)
}, 120_000)

test('a memory is corrected by what a person says about it, and kept messages are learnt from again', async () => {
  const corrected = operations((asked) => {
    const memory = numberOf(asked, 'Ada lives in Lisbon')
    const message = asked.messages.length
    return [{ op: 'update', memory, message, change: 'correction', quote: 'lives in Faro', text: 'Ada lives in Faro' }]
  })
  const { path, model, file } = await scene(
    corrected,
    operations(() => []),
    MOVED,
  )
  const said = ['--feedback', 'No, she lives in Faro']
  const fixed = await run(path, model, 'consolidate', 'a', '--user', 'ada', '--yes', ...said)
  expect([fixed.code, fixed.out.includes('Ada lives in Lisbon → Ada lives in Faro')]).toEqual([0, true])
  await run(path, model, 'learn', file, '--user', 'ada', '--yes')
  const again = await run(path, model, 'relearn', '--user', 'ada', '--instructions', 'homes', '--json')
  expect(again.code).toBe(0)
  const { learnings } = JSON.parse(again.out) as { learnings: { messages: string[] }[] }
  expect(learnings.map(({ messages }) => messages.length)).toEqual([1])
  expect(model.exchanges.at(-1)?.asked.instructions).toBe('homes')
  expect((await run(path, model, 'relearn', '--dry', '--yes')).code).toBe(2)
}, 120_000)

test('what is handed over to a server is learnt after the command has ended', async () => {
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const model = await fakeModel(async (exchange, response) => {
    await held
    await operations(() => [{ quote: 'I moved to Porto', text: 'Ada lives in Porto' }])(exchange, response)
  })
  const file = join(freshDirectory(), 'chat.txt')
  writeFileSync(file, 'I moved to Porto')
  const { server, store } = await serve({}, { languageModel: model.endpoint })
  const settled = async (id: string) => {
    for (;;) {
      const learning = await store.getLearning(id).catch(() => undefined)
      if (learning !== undefined) return learning
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const asked = ['--user', 'ada', '--no-wait', '--json']
  const handed = await run('', model, 'learn', file, ...asked, '--url', server.url)
  const { id, status } = JSON.parse(handed.out)
  expect([handed.code, status]).toEqual([0, 'pending'])
  answer()
  const [learnt] = (await settled(id)).operations
  expect(learnt?.state).toBe('applied')
  const said = ['--feedback', 'That is fine']
  const looked = await run('', model, 'consolidate', learnt?.id ?? '', ...said, ...asked, '--url', server.url)
  const { learning } = JSON.parse(looked.out)
  expect([looked.code, learning.status]).toEqual([0, 'pending'])
  await settled(learning.id)
  const path = freshDirectory()
  for (const command of [['learn', file], ['consolidate']]) {
    expect((await run(path, model, ...command, '--no-wait')).code).toBe(2)
    expect((await run('', model, ...command, '--no-wait', '--dry', '--url', server.url)).code).toBe(2)
  }
}, 120_000)

// A model's tools for learning: additions are applied, changes wait, and a pinned session reaches its user only.

import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { fakeModel, numberOf, operations } from './helpers/fake-model'
import { openEmbedded } from './helpers/store'

interface Session {
  answer(method: string, params: object, exchange: object): Promise<Record<string, unknown>>
}

const { Session } = require('../dist/mcp/session') as {
  Session: new (om: OpenMemory, options: object) => Session
}

const ANSWERS = operations((asked) => [
  {
    op: 'update',
    memory: numberOf(asked, 'Ada lives in Lisbon'),
    change: 'new_state',
    message: asked.messages.length,
    quote: 'moved to Porto',
    text: 'Ada lives in Porto',
  },
  { quote: 'got a cat', text: 'Ada has a cat' },
])

async function scene() {
  const model = await fakeModel(ANSWERS)
  const om = openEmbedded({ languageModel: model.endpoint })
  await om.addMemory({ id: 'a', content: 'Ada lives in Lisbon', user_id: 'ada', created_at: '2024-06-10' })
  const session = (userId?: string, learns = true) => new Session(om, { version: '0', where: 'here', userId, learns })
  return { om, session }
}

async function use(session: Session, name: string, args: object) {
  const { structuredContent, content, isError } = await session.answer('tools/call', { name, arguments: args }, {})
  return isError ? JSON.parse((content as { text: string }[])[0]?.text ?? '') : structuredContent
}

async function names(session: Session) {
  const { tools } = await session.answer('tools/list', {}, {})
  return (tools as { name: string }[]).map(({ name }) => name)
}

test('the tools are there only where a language model is', async () => {
  const { session } = await scene()
  const again = ['consolidate_memories', 'relearn_messages']
  const learning = ['learn', 'review_changes', 'undo_learning', ...again, 'why']
  expect((await names(session('ada'))).slice(-6)).toEqual(learning)
  expect(await names(session('ada', false))).not.toEqual(expect.arrayContaining(['learn']))
})

test('additions are applied, changes wait for a review, and both are undone', async () => {
  const { om, session } = await scene()
  const ada = session('ada')
  const learnt = await use(ada, 'learn', { text: 'I moved to Porto and got a cat', at: '2026-03-03' })
  expect(learnt.operations.map(({ state }: { state: string }) => state)).toEqual(['waiting', 'applied'])
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
  const decided = await use(ada, 'review_changes', { learning: learnt.id, decision: 'apply', reason: 'she said so' })
  expect(decided.status).toBe('done')
  expect(await use(ada, 'why', { id: 'a' })).toMatchObject({ sources: [{ version: 2, quote: 'moved to Porto' }] })
  expect((await use(ada, 'undo_learning', { learning: learnt.id })).status).toBe('undone')
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
})

test('a session of another user finds neither learnings nor memories', async () => {
  const { session } = await scene()
  const learnt = await use(session('ada'), 'learn', { text: 'I moved to Porto and got a cat' })
  const bob = session('bob')
  for (const [tool, args] of [
    ['review_changes', { learning: learnt.id, decision: 'apply' }],
    ['undo_learning', { learning: learnt.id }],
    ['why', { id: 'a' }],
  ] as const) {
    expect(await use(bob, tool, args)).toMatchObject({ code: 'NOT_FOUND' })
  }
  expect(await use(bob, 'learn', { text: 'x y', user_id: 'ada' })).toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('memories are looked at again and kept messages learnt from once more, for the user of the session only', async () => {
  const { om, session } = await scene()
  const ada = session('ada')
  const feedback = 'I moved to Porto'
  const corrected = await use(ada, 'consolidate_memories', { memories: ['a'], feedback })
  expect(corrected.operations).toMatchObject([{ op: 'update', state: 'waiting' }, { state: 'refused' }])
  expect((await om.getMemory('a')).content).toBe('Ada lives in Lisbon')
  expect((await use(session('bob'), 'consolidate_memories', { memories: ['a'], feedback })).code).toBe('NOT_FOUND')
  expect(await use(session('bob'), 'consolidate_memories', {})).toEqual({ status: 'nothing', operations: [] })
  await use(ada, 'learn', { text: 'I moved to Porto and got a cat' })
  const { learnings } = await use(ada, 'relearn_messages', { instructions: 'homes' })
  expect(learnings.length).toBe(1)
  expect(await use(session('bob'), 'relearn_messages', {})).toEqual({ learnings: [] })
})

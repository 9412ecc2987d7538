// What a host of models hears of a long call: more with each message, whatever the store can tell.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { fakeModel, operations } from './helpers/fake-model'
import { openEmbedded } from './helpers/store'

type Notify = (method: string, params: { progressToken: unknown; progress: number; total?: number }) => void

const { CallProgress } = require('../dist/mcp/progress') as {
  CallProgress: new (token: unknown, notify: Notify) => { report(done: number, total: number): void; end(): void }
}
const { Session } = require('../dist/mcp/session') as {
  Session: new (
    om: object,
    options: object,
  ) => { answer(method: string, params: object, exchange: object): Promise<object> }
}

function begun(token: unknown = 'p') {
  const heard: object[] = []
  const progress = new CallProgress(token, (method, { progressToken, ...params }) => {
    expect([method, progressToken]).toEqual(['notifications/progress', token])
    heard.push(params)
  })
  return { heard, progress }
}

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('what is counted is told with its total, and what is not with the seconds', () => {
  const seconds = begun()
  const counted = begun(5)
  counted.progress.report(0, 100)
  jest.advanceTimersByTime(1000)
  counted.progress.report(40, 100)
  counted.progress.report(70, 100)
  jest.advanceTimersByTime(2000)
  expect(seconds.heard).toEqual([1, 2, 3].map((n) => ({ progress: n, message: `${n} s` })))
  expect(counted.heard).toEqual([
    { progress: 0.001, total: 100, message: '0 of 100, 1 s' },
    { progress: 70, total: 100, message: '70 of 100, 2 s' },
    // Nothing was done in between, and the host must not give up.
    { progress: 70.001, total: 100, message: '70 of 100, 3 s' },
  ])
  seconds.progress.end()
  counted.progress.end()
  jest.advanceTimersByTime(5000)
  expect([seconds.heard.length, counted.heard.length]).toEqual([3, 3])
})

test('seconds that were told already do not become counts, which may be fewer', () => {
  const { heard, progress } = begun()
  jest.advanceTimersByTime(3000)
  progress.report(1, 100)
  jest.advanceTimersByTime(1000)
  expect(heard.at(-1)).toEqual({ progress: 4, message: '4 s' })
  progress.end()
})

test('a host that does not ask hears nothing', () => {
  const { heard, progress } = begun(null)
  jest.advanceTimersByTime(3000)
  progress.end()
  expect([heard, jest.getTimerCount()]).toEqual([[], 0])
})

test('tools that take long count what they do', async () => {
  jest.useRealTimers()
  const model = await fakeModel(operations(() => []))
  const om = openEmbedded({ languageModel: model.endpoint })
  const calls: Record<string, number[][]> = {}
  const counting = (name: 'addMemories' | 'deleteMemories' | 'learn') => (first: unknown, options: object) => {
    const onProgress = (...counts: number[]) => calls[name]?.push(counts)
    calls[name] = []
    return (om[name] as (...args: unknown[]) => Promise<unknown>)(first, { ...options, onProgress })
  }
  const spied = new Proxy(om, {
    get: (_, name: 'learn') =>
      ['addMemories', 'deleteMemories', 'learn'].includes(name)
        ? (first: unknown, options: { onProgress?: unknown; signal?: unknown }) => {
            expect([typeof options.onProgress, options.signal]).toEqual(['function', signal])
            return counting(name)(first, options)
          }
        : (om[name] as () => unknown).bind(om),
  })
  const { signal } = new AbortController()
  const session = new Session(spied, { version: '0', where: 'here', learns: true })
  const use = (name: string, args: object) =>
    session.answer('tools/call', { name, arguments: args }, { signal, notify: () => {} })
  await use('add_memories', {
    memories: [
      { content: 'one', user_id: 'ada' },
      { content: 'two', user_id: 'ada' },
    ],
  })
  await use('learn', { text: 'I got a cat', user_id: 'ada' })
  await use('delete_memories', { user_id: 'ada', agreed: 2 })
  for (const counts of Object.values(calls)) expect(counts.at(-1)?.[0]).toBe(counts.at(-1)?.[1])
  expect(Object.keys(calls).sort()).toEqual(['addMemories', 'deleteMemories', 'learn'])
})

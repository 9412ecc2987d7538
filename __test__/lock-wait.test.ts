// The story: another process has the directory open briefly. A caller that sets a lock wait waits for it, and no longer.

import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { doctor, OpenMemory } from '@openmemory/sdk'
import { exitOf, nextMessage, start } from './helpers/child'
import { refusal } from './helpers/refusal'
import { asker } from './helpers/server'
import { freshDirectory, openStore } from './helpers/store'

const LONG = 60_000

const holders: ChildProcess[] = []

afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL')
})

/** A directory that another process has open until it is ended. */
async function held(): Promise<{ path: string; end: () => Promise<unknown> }> {
  const path = freshDirectory()
  const holder = start('write-and-wait.mjs', path)
  holders.push(holder)
  await nextMessage(holder)
  const end = () => {
    holder.kill('SIGKILL')
    return exitOf(holder)
  }
  return { path, end }
}

test('calls wait for the other process without blocking the event loop', async () => {
  const { path, end } = await held()
  const om = openStore({ path, lockWaitMs: LONG })
  let ticks = 0
  const ticking = setInterval(() => ticks++, 5)
  let answered = 0
  const count = () => answered++
  const calls = [
    ...Array.from({ length: 100 }, (_, n) => om.addMemory({ content: `mine ${n}` })),
    om.listMemories(),
    om.searchMemories('note'),
    om.stats(),
  ]
  for (const call of calls) call.then(count, count)
  await wait(200)
  expect(answered).toBe(0)
  expect(ticks).toBeGreaterThan(10)
  await end()
  await Promise.all(calls)
  clearInterval(ticking)
  expect((await om.stats()).memories).toBe(150)
})

test('the time over, calls are LOCKED; without the option they are at once', async () => {
  const { path, end } = await held()
  const began = Date.now()
  expect((await refusal(openStore({ path }).stats())).code).toBe('LOCKED')
  const waiting = openStore({ path, lockWaitMs: 300 })
  const codes = await Promise.all([1, 2, 3].map(async () => (await refusal(waiting.stats())).code))
  expect(codes).toEqual(['LOCKED', 'LOCKED', 'LOCKED'])
  expect(Date.now() - began).toBeGreaterThanOrEqual(300)
  expect(await refusal(doctor(path, { lockWaitMs: 100 }))).toMatchObject({ code: 'LOCKED' })
  await end()
  expect((await waiting.stats()).memories).toBe(50)
})

test('a signal, timeoutMs and close end the wait, and nothing is written afterwards', async () => {
  const { path, end } = await held()
  const om = openStore({ path, lockWaitMs: LONG })
  const controller = new AbortController()
  const batch = om.addMemories([{ content: 'aborted' }], { signal: controller.signal })
  await wait(100)
  controller.abort(new Error('enough'))
  expect(await refusal(batch)).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })

  const hurried = openStore({ path, lockWaitMs: LONG, timeoutMs: 100 })
  expect((await refusal(hurried.addMemory({ content: 'late' }))).code).toBe('TIMEOUT')

  const closed = openStore({ path, lockWaitMs: LONG })
  const call = refusal(closed.addMemory({ content: 'closed' }))
  await wait(100)
  await closed.close()
  expect((await call).code).toBe('CLOSED')

  await wait(200)
  await end()
  expect((await om.stats()).memories).toBe(50)
})

test('watch, serve and doctor wait too', async () => {
  const { path, end } = await held()
  const om = openStore({ path, lockWaitMs: LONG })
  const watch = om.watch()
  const change = watch.next()
  const serving = om.serve({ port: 0 })
  const looking = held().then(async (other) => {
    const looked = doctor(other.path, { lockWaitMs: LONG })
    await wait(100)
    await other.end()
    return looked
  })
  await wait(100)
  await end()
  const server = await serving
  await asker(server.port)('POST', '/memory/add', { body: { id: 'new', content: 'by the server' } })
  expect((await change).value).toMatchObject({ id: 'new' })
  expect(await looking).toMatchObject({ memories: 50 })
})

test('a watch that is ended while it waits begins no more', async () => {
  const { path, end } = await held()
  const om = new OpenMemory({ path, embedder: 'test', lockWaitMs: LONG })
  const watch = om.watch()
  const next = watch.next()
  await watch.return?.()
  await end()
  expect(await next).toEqual({ done: true, value: undefined })
  await om.close()
})

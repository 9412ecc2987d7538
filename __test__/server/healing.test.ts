// The story: the disk fails in the middle of a write, and recovers. The server recovers without a restart.

import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from '@jest/globals'
import { exitOf, nextMessage, start } from '../helpers/child'
import { refuseWrites, testWithRefusedWrites } from '../helpers/file-size-limit'
import { type Ask, asker, type Reply } from '../helpers/server'

const [ann, bob] = ['ann-key-0123456789', 'bob-key-0123456789']

const children: { child: ChildProcess; directory: string }[] = []
afterEach(async () => {
  for (const { child, directory } of children.splice(0)) {
    const ended = exitOf(child)
    if (child.connected) child.disconnect()
    expect(await ended).toBe(0)
    // Not earlier: a store reports an error if its directory is missing.
    rmSync(directory, { recursive: true, force: true })
  }
})

async function serveInChild(options: object): Promise<{ child: ChildProcess; port: number; ask: Ask }> {
  const directory = mkdtempSync(join(tmpdir(), 'openmemory-healing-'))
  const child = start('serve.mjs', directory, JSON.stringify(options))
  children.push({ child, directory })
  const { port } = await nextMessage<{ port: number }>(child)
  return { child, port, ask: asker(port) }
}

/** Asks until the server takes it: each time it is refused it must be as a failure of the moment. */
async function untilTaken(ask: () => Promise<Reply>): Promise<Reply> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const reply = await ask()
    if (reply.status === 200 || Date.now() > deadline) return reply
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' }, body: { code: 'UNAVAILABLE' } })
  }
}

testWithRefusedWrites(
  'a store whose disk has failed is written to again without a restart, and nothing is lost',
  async () => {
    const { child, ask } = await serveInChild({ apiKeys: [`ann=${ann}`, `bob=${bob}`] })
    const add = (key: string, id: string) => ask('POST', '/memory/add', { key, body: { id, content: `text ${id}` } })
    expect([(await add(ann, 'before')).status, (await add(bob, 'before')).status]).toEqual([200, 200])
    expect((await ask('GET', '/ready', { key: bob })).status).toBe(200)

    refuseWrites(child, true)
    expect(await add(ann, 'refused')).toMatchObject({ status: 500, body: { err: 'internal', code: 'IO' } })
    for (let n = 0; n < 12; n++) {
      expect(await add(ann, `during ${n}`)).toMatchObject({
        ...{ status: 503, headers: { 'retry-after': '1' }, body: { err: 'unavailable', code: 'UNAVAILABLE' } },
      })
      expect((await ask('GET', '/memory/before', { key: ann })).status).toBe(200)
    }
    const flushed = await ask('POST', '/flush', { key: ann })
    expect(flushed).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } })
    const { status, text } = await ask('GET', '/ready', { key: bob })
    expect(status).toBe(503)
    expect(text).not.toContain('ann')
    expect((await ask('GET', '/health')).status).toBe(200)

    refuseWrites(child, false)
    // The limit is the process's: what sled writes of bob's store by itself may have met it too.
    for (let n = 0; (await add(bob, `after ${n}`)).status !== 200; n++) expect(n).toBeLessThan(1000)
    // No request of hers: asking whether the server is ready makes it ready.
    expect((await untilTaken(() => ask('GET', '/ready', { key: bob }))).status).toBe(200)
    expect((await add(ann, 'after')).status).toBe(200)
    const { body } = await ask('POST', '/memory/list', { key: ann, body: {} })
    const ids = body.items.map(({ id }: { id: string }) => id)
    // What was refused in the middle may be there or not.
    expect(ids.filter((id: string) => id !== 'refused').sort()).toEqual(['after', 'before'])
  },
)

testWithRefusedWrites('a server and embedded calls share the reopened store', async () => {
  const { child, ask } = await serveInChild({})
  const addInside = async (id: string) => {
    const reply = nextMessage<{ code?: string; version?: number }>(child)
    child.send({ id, content: `text ${id}` })
    return reply
  }
  const add = (id: string) => ask('POST', '/memory/add', { body: { id, content: `text ${id}` } })
  expect(await addInside('one')).toEqual({ version: 1 })
  expect((await add('two')).status).toBe(200)
  for (const failing of [() => addInside('x'), () => add('y')]) {
    refuseWrites(child, true)
    await failing()
    expect(await addInside('z')).toEqual({ code: 'UNAVAILABLE' })
    refuseWrites(child, false)
    expect((await untilTaken(() => add(`three ${failing}`))).status).toBe(200)
    expect(await addInside(`four ${failing}`)).toEqual({ version: 1 })
  }
})

testWithRefusedWrites('a watch continues in the reopened store', async () => {
  const { child, port, ask } = await serveInChild({})
  const add = (id: string) => ask('POST', '/memory/add', { body: { id, content: `text ${id}` } })
  await add('one')
  const watching = await fetch(`http://127.0.0.1:${port}/watch`)
  const reader = (watching.body as ReadableStream<Uint8Array>).getReader()
  let heard = ''
  const hear = async (id: string) => {
    while (!heard.includes(`"id":"${id}"`)) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`the stream ended: ${heard}`)
      heard += new TextDecoder().decode(value)
    }
  }
  await add('two')
  await hear('two')
  refuseWrites(child, true)
  await add('refused')
  refuseWrites(child, false)
  await untilTaken(() => add('three'))
  await hear('three')
  await reader.cancel()
})

// Story: somebody says through Mem0's feedback that a memory is wrong, and is answered. The server is killed while the language
// model is being asked what to correct. The next server asks again, and the correction is there exactly once.

import { expect, test } from '@jest/globals'
import type { Learning } from '@openmemory/sdk'
import { nextMessage, start } from '../helpers/child'
import { fakeModel, numberOf, operations } from '../helpers/fake-model'
import { type Ask, asker } from '../helpers/server'
import { freshDirectory, openEmbedded } from '../helpers/store'

const KEYS = [undefined, 'a-key-of-tenant-ann'] as const

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test.each(KEYS)(
  'an answered feedback is handed over once, also across a kill (key %s)',
  async (key) => {
    const path = freshDirectory()
    const corrects = operations((asked) => [
      {
        ...{ op: 'update', memory: numberOf(asked, 'Ada lives in Lisbon'), change: 'correction' },
        ...{ message: asked.messages.length, quote: 'lives in Porto', text: 'Ada lives in Porto' },
      },
    ])
    // The first request is never answered.
    const model = await fakeModel(() => {}, corrects)
    const apiKeys = key === undefined ? [] : [`ann=${key}`]
    const options = JSON.stringify({ apiKeys, languageModel: model.endpoint })
    const serve = async () => {
      const child = start('serve.mjs', path, options)
      const { port } = await nextMessage<{ port: number }>(child)
      const ask: Ask = (method, at, asking) => asker(port)(method, at, { ...asking, ...(key && { key }) })
      return { child, ask }
    }
    const first = await serve()
    const { body: added } = await first.ask('POST', '/memory/add', {
      body: { content: 'Ada lives in Lisbon', user_id: 'ada', created_at: '2024-06-10' },
    })
    const rating = { memory_id: added.id, feedback: 'NEGATIVE', feedback_reason: 'She lives in Porto' }
    const rated = await first.ask('POST', '/v1/feedback/', { body: rating })
    expect([rated.status, rated.body]).toMatchObject([200, { feedback: 'NEGATIVE', event_id: expect.any(String) }])
    await until(() => (model.exchanges.length === 1 ? true : undefined))
    const ended = new Promise((resolve) => first.child.once('exit', resolve))
    first.child.kill('SIGKILL')
    await ended

    const second = await serve()
    const event = await until(async () => {
      const { body } = await second.ask('GET', `/v1/event/${rated.body.event_id}/`)
      return body.status === 'PENDING' ? undefined : body
    })
    expect(event).toMatchObject({ status: 'SUCCEEDED', error: null })
    expect(model.exchanges.length).toBe(2)
    const { learnings } = (await second.ask('GET', '/learnings')).body as { learnings: Learning[] }
    expect(learnings).toMatchObject([{ status: 'waiting', operations: [{ before: 'Ada lives in Lisbon' }] }])
    const decided = await second.ask('POST', `/learnings/${learnings[0]?.id}/decide`, { body: { all: 'apply' } })
    expect(decided.body.operations).toMatchObject([{ state: 'applied' }])
    expect((await second.ask('GET', `/v1/memories/${added.id}/`)).body).toMatchObject({
      ...{ memory: 'Ada lives in Porto', version: 2, feedback: 'NEGATIVE' },
    })
    // The same again asks nobody, in this process and in the next one.
    const again = await second.ask('POST', '/v1/feedback/', { body: rating })
    expect(again.status).toBe(200)
    const gone = new Promise((resolve) => second.child.once('exit', resolve))
    second.child.disconnect()
    await gone
    if (key !== undefined) return
    const om = openEmbedded({ path })
    expect((await om.getHistory(added.id)).map(({ content }) => content)).toEqual([
      'Ada lives in Porto',
      'Ada lives in Lisbon',
    ])
  },
  60_000,
)

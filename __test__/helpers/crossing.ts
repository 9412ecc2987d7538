// What can one tenant learn of another? Every route is called with the ids and users of the other one.

import { randomInt, randomUUID } from 'node:crypto'
import { expect } from '@jest/globals'
import type { Ask } from './server'

/** Both are keys. Nothing of what the first one stores may reach the second one, or be changed by it. */
export async function expectNothingCrosses(ask: Ask, owner: string, stranger: string): Promise<void> {
  const secret = `the launch code is ${randomInt(1_000_000_000)}`
  const [id, gone] = [randomUUID(), `gone-${randomInt(1_000_000)}`]
  const typeId = 'mem_01h455vb4pex5vsknk084sn02q'
  const scope = { user_id: 'shared', agent_id: 'shared', app_id: 'shared', run_id: 'shared' }
  const { memories: before } = (await ask('GET', '/stats', { key: owner })).body
  await ask('POST', '/memory/add', {
    key: owner,
    body: { id, content: secret, tags: ['t'], metadata: { k: 'v' }, ...scope },
  })
  await ask('POST', '/memory/add', { key: owner, body: { id: gone, content: secret } })
  await ask('DELETE', `/memory/${gone}`, { key: owner })

  const { body: document } = await ask('GET', '/openapi.json')
  const bodies: unknown[] = [
    ...[
      undefined,
      {},
      { query: secret },
      { id },
      { ids: [id, typeId, gone] },
      { all: true },
      { filters: { user_id: '*' } },
    ],
    ...[{ items: [{ id, tags: ['stolen'] }] }, { version: 1 }, { feedback: 'POSITIVE' }, { content: 'mine', tags: [] }],
    ...[{ memories: [{ memory_id: id, text: 'stolen' }] }, { memory_id: id, feedback: 'NEGATIVE' }, { text: 'stolen' }],
    ...[
      { query: secret, filters: { user_id: 'shared' }, threshold: 0 },
      { filters: { AND: [{ user_id: '*' }] } },
      { id, boost: 0.5 },
    ],
  ]
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    const named = [id, typeId, gone].map((value) => path.replace(/\{\w+\}/g, value))
    const scoped = ['shared', 'user'].map((value) => path.replace('{entity}', 'user').replace(/\{\w+\}/g, value))
    for (const method of Object.keys(methods)) {
      for (const url of new Set([...named, ...scoped])) {
        for (const body of method === 'get' ? [undefined] : bodies) {
          const query = method === 'delete' && path === '/v1/memories' ? '?user_id=shared' : ''
          const reply = await ask(method.toUpperCase(), url + query, {
            key: stranger,
            ...(body !== undefined && { body }),
          })
          // The response may repeat Bob's own text, but nothing that Ann stored.
          const received = reply.text.replaceAll(
            JSON.stringify(secret).slice(1, -1),
            body && JSON.stringify(body).includes(secret) ? '' : secret,
          )
          expect([method, url, body, received.includes(secret)]).toEqual([method, url, body, false])
          // A database has no backups.
          expect(reply.status === 501 || reply.status < 500).toBe(true)
          expect(reply.body?.details?.deleted).toBeUndefined()
        }
      }
    }
  }
  expect((await ask('GET', `/memory/${id}`, { key: owner })).body).toMatchObject({
    ...{ content: secret, tags: ['t'], metadata: { k: 'v' }, version: 1 },
  })
  expect((await ask('GET', '/stats', { key: owner })).body.memories).toBe(before + 1)
  const { body: history } = await ask('GET', `/memory/${id}/history`, { key: owner })
  expect(history.versions).toHaveLength(1)
  expect((await ask('GET', `/memory/${gone}`, { key: owner })).body.details.deleted).toBe(true)
}

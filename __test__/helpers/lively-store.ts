// A store with every kind of change, field and value.

import type { OpenMemory } from '@openmemory/sdk'

export async function fillLively(om: OpenMemory): Promise<void> {
  const user = { user_id: 'ada', agent_id: 'planner', app_id: 'notes', run_id: 'r1' }
  await om.addMemory({ id: 'plain', content: 'Ada drinks tea in the morning', created_at: '2020-02-29T00:00:00Z' })
  await om.addMemory({ id: 'similar', content: 'Ada drinks tea in the evening', tags: ['b', 'a', 'b'], ...user })
  await om.addMemory({ id: 'also', content: 'Ada drinks tea at noon', ...user })
  await om.updateMemory('plain', { content: 'Ada drinks coffee now' }, { actor: 'chat', reason: 'she said so' })
  await om.updateMemory('plain', { metadata: { z: 1, a: [0.1, 1e-7, -0.5, null, { b: '\u0000\u2028"\\' }] } })
  await om.updateMemory('plain', { tags: ['drink'], expires_at: '2999-12-31T23:59:59.999Z' })
  await om.restoreMemory('plain', 1, { actor: 'ada' })
  await om.updateMemory('plain', { content: 'Ada drinks coffee now', metadata: { z: null } })
  await om.addMemory({ id: 'pinned', content: 'She felt happy', metadata: { sector: 'procedural' }, immutable: true })
  await om.addMemory({ id: 'expired', content: '𝒰𝓃𝒾𝒸ℴ𝒹ℯ und Ümläute\r\n', expires_at: '2001-01-01' })
  await om.addMemory({ content: 'An id of its own' })
  await om.reinforceMemory('similar', { boost: 0.123456789 })
  await om.sendFeedback('similar', 'VERY_NEGATIVE', { reason: 'wrong time' })
  await om.sendFeedback('also', 'POSITIVE')
  await om.addMemory({ id: 'gone', content: 'Soon deleted' })
  await om.updateMemory('gone', { tags: ['x'] })
  await om.deleteMemory('gone')
  await om.addMemory({ id: 'A/gone too', content: 'Deleted as well' })
  await om.deleteMemory('A/gone too')
}

/** Everything that a user can see of a store. */
export async function everything(om: OpenMemory): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const { salience: _, ...memory } of om.iterateMemories({ order: 'created_at:asc', showExpired: true })) {
    seen.push([memory, await om.getHistory(memory.id), await om.getWaypoints(memory.id)])
  }
  return seen
}

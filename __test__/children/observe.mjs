// Reports what a reader sees of a closed store: the doctor's report, every memory with its history and waypoints, deleted
// ids, and some searches and lists. Values that change with time (salience, scores) are omitted, and long texts are hashed.

import { createHash } from 'node:crypto'
import process from 'node:process'
import { doctor, OpenMemory } from '@openmemory/sdk'

const QUERIES = ['coffee in Lisbon', 'ferry schedule', 'käse und brot', 'violin lessons', 'rain on the harbour']
const FILTERS = [
  { user_id: 'ada' },
  { agent_id: 'planner', app_id: 'notes', run_id: 'r1' },
  { tags: 'food' },
  { 'metadata.place.city': 'Lisbon' },
  { primary_sector: 'procedural' },
  { created_at: { lt: '2021-01-01' } },
]

const DELETED = ['gone', 'gone too', 'gone elsewhere']

const path = process.argv[2]
const { healthy, complete, memories, versions, rows, problems } = await doctor(path)
const om = new OpenMemory({ path, embedder: 'test' })
const seen = {
  doctor: { healthy, complete, memories, versions, rows, problems },
  ...{ memories: [], deleted: [], searches: [], lists: [] },
}

for await (const { salience: _, ...memory } of om.iterateMemories({ order: 'created_at:asc', showExpired: true })) {
  const history = await om.getHistory(memory.id)
  const waypoints = await om.getWaypoints(memory.id)
  seen.memories.push({ memory: shortened(memory), history: history.map(shortened), waypoints })
}
for (const id of DELETED) {
  await om.getMemory(id).catch(({ code, details }) => seen.deleted.push({ code, details }))
}
for (const query of QUERIES) {
  const [{ id, similarity }] = await om.searchMemories(query, { limit: 1 })
  seen.searches.push({ query, id, similarity })
}
for (const filters of FILTERS) {
  const { memories } = await om.listMemories({ filters, showExpired: true })
  seen.lists.push({ filters, ids: memories.map(({ id }) => id).sort() })
}
await om.close()
process.send(seen)

function shortened({ content, changes, ...others }) {
  return {
    ...others,
    content: short(content),
    ...(changes && { changes: changes.map(({ field, from, to }) => ({ field, from: short(from), to: short(to) })) }),
  }
}

function short(value) {
  if (typeof value !== 'string' || value.length <= 200) return value
  return `sha256 ${createHash('sha256').update(value).digest('hex')}`
}

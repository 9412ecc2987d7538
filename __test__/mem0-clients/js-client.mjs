// Goes through every method of npm mem0ai's client against the server at the address given, and fails where one does not
// do what its users expect.
import assert from 'node:assert/strict'
import process from 'node:process'
import {
  AuthenticationError,
  MemoryClient,
  MemoryNotFoundError,
  MemoryQuotaExceededError,
  ValidationError,
} from 'mem0ai'

const [host, apiKey] = process.argv.slice(2)
const client = new MemoryClient({ apiKey, host })
const filters = { userId: 'alice' }
const unknown = '01890a5d-ac96-774b-bcce-b302099a8057'

await client.ping()
assert.equal(typeof client.telemetryId, 'string')

// add: as it is, or a clear answer
const { results: added } = await client.add(
  [
    { role: 'user', content: 'I love green tea' },
    { role: 'assistant', content: 'Green tea is noted' },
  ],
  { userId: 'alice', agentId: 'waiter', infer: false, metadata: { source: 'chat', deepKey: { innerKey: 1 } } },
)
assert.deepEqual(
  added.map(({ event, data }) => [event, data.memory]),
  [
    ['ADD', 'I love green tea'],
    ['ADD', 'Green tea is noted'],
  ],
)
const [{ id }, { id: second }] = added
assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const verbatim = await client.add([{ role: 'user', content: 'x' }], { userId: 'verbatim' })
assert.equal(verbatim.infer, false)
assert.match(verbatim.message, /no language model/)
await client.deleteUsers({ userId: 'verbatim' })
await assert.rejects(client.add([{ role: 'user', content: 'x' }], { userId: 'alice', infer: true }), (error) => {
  assert(error instanceof ValidationError)
  assert.match(error.message, /infer=false/)
  return true
})
await assert.rejects(client.add([{ role: 'user', content: 'x' }], { infer: false }), ValidationError)

// get
const memory = await client.get(id)
assert.equal(memory.memory, 'I love green tea')
assert.equal(memory.userId, 'alice')
assert.deepEqual(memory.metadata, { source: 'chat', deepKey: { innerKey: 1 }, role: 'user' })
assert(!Number.isNaN(Date.parse(memory.createdAt)) && !Number.isNaN(Date.parse(memory.updatedAt)))
await assert.rejects(client.get(unknown), MemoryNotFoundError)
await assert.rejects(client.get('no-uuid'), ValidationError)

// getAll with pages
for (let n = 0; n < 23; n++) {
  await client.add([{ role: 'user', content: `note ${n}` }], { userId: 'pages', runId: 'r1', infer: false })
}
const seen = new Set()
for (let page = 1; ; page++) {
  const got = await client.getAll({ filters: { user_id: 'pages' }, page, pageSize: 10 })
  assert.equal(got.count, 23)
  for (const { id } of got.results) seen.add(id)
  assert.equal(got.previous === null, page === 1)
  if (got.next === null) break
}
assert.equal(seen.size, 23)
assert.equal((await client.getAll({ filters })).results.length, 2)
await assert.rejects(client.getAll(), ValidationError)

// search
const found = await client.search('I love green tea', { filters, topK: 5, threshold: 0 })
assert.equal(found.results[0].id, id)
assert(found.results[0].score > 0)
assert.deepEqual((await client.search('green tea', { filters: { user_id: 'nobody' } })).results, [])
await assert.rejects(client.search('tea', { filters: { user_id: 'alice', colour: 'x' } }), ValidationError)

// update: text, metadata, timestamp, expiration date, and null to clear it
let updated = await client.update(id, { text: 'I love coffee', metadata: { verified: true } })
assert.equal(updated.memory, 'I love coffee')
assert.deepEqual(updated.metadata, { source: 'chat', deepKey: { innerKey: 1 }, role: 'user', verified: true })
assert.equal(updated.version, 2)
updated = await client.update(id, { metadata: { verified: null } })
assert.deepEqual(updated.metadata, { source: 'chat', deepKey: { innerKey: 1 }, role: 'user' })
updated = await client.update(id, { timestamp: 1_700_000_000 })
assert.equal(updated.createdAt, '2023-11-14T22:13:20.000Z')
updated = await client.update(id, { timestamp: '2024-01-02T03:04:05Z', expirationDate: '2999-12-31' })
assert.equal(updated.createdAt, '2024-01-02T03:04:05.000Z')
assert.equal(updated.expirationDate, '2999-12-31')
updated = await client.update(id, { expirationDate: '2001-01-01' })
assert.equal((await client.getAll({ filters })).results.length, 1)
assert.equal((await client.getAll({ filters, showExpired: true })).results.length, 2)
updated = await client.update(id, { expirationDate: null })
assert.equal(updated.expirationDate, null)
assert.equal(
  (await client.getAll({ filters: { user_id: 'alice', created_at: { lt: '2024-06-01' } } })).results[0].id,
  id,
)
await assert.rejects(client.update(unknown, { text: 'x' }), MemoryNotFoundError)
await assert.rejects(client.update(id, { text: 'x'.repeat(200_001) }), ValidationError)
await assert.rejects(client.update(id, { text: 'x'.repeat(70_000_000) }), MemoryQuotaExceededError)

// history
const history = await client.history(id)
assert.deepEqual(
  history.slice(0, 2).map(({ event, oldMemory, newMemory }) => [event, oldMemory, newMemory]),
  [
    ['ADD', null, 'I love green tea'],
    ['UPDATE', 'I love green tea', 'I love coffee'],
  ],
)
assert.equal(history[0].memoryId, id)
await assert.rejects(client.history(unknown), MemoryNotFoundError)

// feedback
const judged = await client.feedback({ memoryId: id, feedback: 'POSITIVE', feedbackReason: 'right' })
assert.equal(judged.feedback, 'POSITIVE')
await assert.rejects(client.feedback({ memoryId: id, feedback: 'FINE' }), ValidationError)

// batches of 1000, and one too many
const messages = Array.from({ length: 1000 }, (_, n) => ({ role: 'user', content: `batch ${n}` }))
const { results: batch } = await client.add(messages, { userId: 'batch', infer: false })
assert.equal(batch.length, 1000)
const texts = batch.map(({ id: memoryId }, n) => ({ memoryId, text: `changed ${n}` }))
assert.match((await client.batchUpdate(texts)).message, /updated 1000 /)
assert.equal((await client.get(batch[999].id)).memory, 'changed 999')
await assert.rejects(client.batchUpdate([...texts, texts[0]]), ValidationError)
await assert.rejects(
  client.batchUpdate([
    { memoryId: second, text: 'y' },
    { memoryId: unknown, text: 'x' },
  ]),
  MemoryNotFoundError,
)
assert.equal((await client.get(second)).memory, 'Green tea is noted')
await assert.rejects(client.batchUpdate([{ memoryId: second, metadata: { lost: true } }]), ValidationError)
const ids = batch.map(({ id }) => id)
await assert.rejects(client.batchDelete([...ids, ids[0]]), ValidationError)
assert.match((await client.batchDelete(ids)).message, /deleted 1000 /)
await assert.rejects(client.get(ids[0]), MemoryNotFoundError)

// users
const users = await client.users()
assert.deepEqual(
  users.results.map(({ type, name, totalMemories }) => [type, name, totalMemories]),
  [
    ['agent', 'waiter', 2],
    ['run', 'r1', 23],
    ['user', 'alice', 2],
    ['user', 'pages', 23],
  ],
)
assert.equal(users.totalUsers, 2)

// projects, and what needs a language model
const { organizationId, projectId } = client
assert.equal(typeof organizationId, 'string')
assert.equal(typeof (await client.getProject({ fields: ['name'] })).name, 'string')
assert.equal(typeof projectId, 'string')
await assert.rejects(client.updateProject({ customInstructions: 'x' }), ValidationError)
await assert.rejects(client.createMemoryExport({ schema: {}, filters }), ValidationError)
const hook = { name: 'hook', url: 'http://127.0.0.1:9/', eventTypes: ['memory_add'] }
const { webhookId } = await client.createWebhook(hook)
assert.match((await client.updateWebhook({ webhookId, name: 'renamed' })).message, /updated/)
assert.deepEqual(
  (await client.getWebhooks()).map(({ name, isActive }) => [name, isActive]),
  [['renamed', true]],
)
assert.match((await client.deleteWebhook({ webhookId })).message, /deleted/)
await assert.rejects(client.deleteWebhook({ webhookId }), MemoryNotFoundError)

// delete, deleteAll with wildcards, deleteUsers
assert.match((await client.delete(second)).message, /deleted/)
await assert.rejects(client.delete(second), MemoryNotFoundError)
await assert.rejects(client.deleteAll(), ValidationError)
await client.deleteAll({ userId: 'pages', runId: 'r2' })
assert.equal((await client.getAll({ filters: { user_id: 'pages' } })).count, 23)
await client.deleteAll({ runId: '*' })
assert.equal((await client.getAll({ filters: { user_id: 'pages' } })).count, 0)
assert.equal((await client.getAll({ filters })).count, 1)
await client.add([{ role: 'user', content: 'x' }], { userId: 'a/b c', infer: false })
await client.deleteUsers({ userId: 'a/b c' })
assert.equal((await client.getAll({ filters: { user_id: 'a/b c' } })).count, 0)
await client.deleteAll({ userId: '*', agentId: '*', appId: '*', runId: '*' })
assert.equal((await client.users()).count, 0)

// a wrong key is reported as such
if (apiKey !== 'any') {
  const stranger = new MemoryClient({ apiKey: 'wrong', host })
  await assert.rejects(stranger.getAll({ filters }), AuthenticationError)
}
console.log('every method passed')

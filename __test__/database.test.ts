// A store in a database that this process reaches itself, without a server.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import {
  type DatabaseOptions,
  OpenMemory,
  type OpenMemoryOptions,
  type SearchOptions,
  ValidationError,
} from '@openmemory/sdk'
import { fakeModel, operations } from './helpers/fake-model'
import { databaseOf, execute } from './helpers/served'
import { type Ask, asker } from './helpers/server'
import { databaseTest, freshDirectory, keep, openDatabases } from './helpers/store'

const URL = 'postgres://ada@127.0.0.1:1/memories'

const refused: [Record<string, unknown>, string][] = [
  [{ store: 'mysql://127.0.0.1/x' }, 'store'],
  [{ store: './directory' }, 'store'],
  [{ store: '' }, 'store'],
  [{ store: 7 }, 'store'],
  [{ store: URL, path: './directory' }, 'path'],
  [{ store: URL, durability: 'interval' }, 'durability'],
  [{ store: URL, allowNonEmpty: true }, 'allowNonEmpty'],
  [{ store: URL, lockWaitMs: 5 }, 'lockWaitMs'],
  [{ store: URL, url: 'http://127.0.0.1' }, 'store'],
  [{ path: URL }, 'path'],
  [{ store: URL, poolSize: 0 }, 'poolSize'],
  [{ store: URL, poolSize: 1.5 }, 'poolSize'],
  [{ store: URL, tenant: 'Acme' }, 'tenant'],
  [{ path: './directory', tenant: 'acme' }, 'tenant'],
  [{ path: './directory', poolSize: 4 }, 'poolSize'],
  [{ store: URL, approximateAbove: 0 }, 'approximateAbove'],
  [{ store: URL, approximateAbove: 1.5 }, 'approximateAbove'],
  [{ path: './directory', approximateAbove: 4 }, 'approximateAbove'],
  [{ url: 'http://127.0.0.1', tenant: 'acme' }, 'tenant'],
]

test.each(refused)('%p is refused at once, by name', (options, field) => {
  let error: unknown
  try {
    new OpenMemory(options as unknown as OpenMemoryOptions)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(ValidationError)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field })
})

test('the compiler refuses what only a directory has', () => {
  const options: DatabaseOptions = { store: URL }
  // @ts-expect-error A database has no durability.
  const wrong: OpenMemoryOptions = { store: URL, durability: 'flush' }
  // @ts-expect-error Nor is it a directory.
  const both: OpenMemoryOptions = { store: URL, path: './directory' }
  expect([options, wrong, both]).toHaveLength(3)
})

test('a database that cannot be reached is UNAVAILABLE, and nothing is written to the directory', async () => {
  const path = join(freshDirectory(), 'none')
  process.env.OPENMEMORY_PATH = path
  const om = new OpenMemory({ store: URL, embedder: 'test' })
  delete process.env.OPENMEMORY_PATH
  await expect(om.stats()).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  await om.close()
  await expect(om.stats()).rejects.toMatchObject({ code: 'CLOSED' })
  expect(existsSync(path)).toBe(false)
})

databaseTest('two objects on one database see each other’s writes', async () => {
  const [om, other] = openDatabases(2) as [OpenMemory, OpenMemory]
  const { id } = await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' })
  expect((await other.searchMemories('tea', { filters: { user_id: 'ada' } }))[0]).toMatchObject({ id })
  await other.updateMemory(id, { content: 'Ada drinks coffee' }, { ifVersion: 1 })
  expect(await om.getMemory(id)).toMatchObject({ content: 'Ada drinks coffee', version: 2 })
  expect((await om.searchMemories('coffee', { filters: { user_id: 'ada' } }))[0]).toMatchObject({ id, version: 2 })
  await expect(om.updateMemory(id, { tags: ['x'] }, { ifVersion: 1 })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  })
})

databaseTest('a watch is told of the changes of another object, and ends with its own', async () => {
  const [om, other] = openDatabases(2) as [OpenMemory, OpenMemory]
  await om.stats()
  const watch = om.watch()
  const first = watch[Symbol.asyncIterator]().next()
  await pause(500)
  await other.addMemory({ id: 'tea', content: 'Ada drinks tea' })
  expect((await first).value).toMatchObject({ event: 'ADD', id: 'tea' })
  await om.close()
  await expect(watch[Symbol.asyncIterator]().next()).resolves.toMatchObject({ done: true })
})

databaseTest('the commands open a database by --store, for the tenant that --tenant names', async () => {
  const store = databaseOf(freshDirectory())
  const run = (...args: string[]) => {
    const done = spawnSync(process.execPath, [CLI, ...args, '--store', store, '--json'], { encoding: 'utf8' })
    return [done.status, JSON.parse(done.stdout || 'null')]
  }
  expect(run('add', 'Ada drinks tea', '--id', 'tea')).toMatchObject([0, { id: 'tea' }])
  expect(run('add', 'Ann drinks tea', '--id', 'tea', '--tenant', 'ann')).toMatchObject([0, { id: 'tea' }])
  expect(run('update', 'tea', '--content', 'Ada drinks coffee')).toMatchObject([0, { version: 2 }])
  expect(run('search', 'coffee')).toMatchObject([0, [{ id: 'tea', content: 'Ada drinks coffee' }]])
  expect(run('get', 'tea', '--tenant', 'ann')).toMatchObject([0, { content: 'Ann drinks tea', version: 1 }])
  expect(run('stats')).toMatchObject([0, { memories: 1 }])
  expect(run('delete', 'tea')).toMatchObject([0, {}])
  expect(run('get', 'tea')).toMatchObject([1, { error: { code: 'NOT_FOUND' } }])
  expect(run('stats', '--path', 'somewhere')[0]).toBe(2)
})

databaseTest('poolSize is the most connections that an object opens', async () => {
  const store = databaseOf(freshDirectory())
  const om = keep(new OpenMemory({ store, embedder: 'test', poolSize: 3 }))
  await Promise.all(Array.from({ length: 40 }, (_, at) => om.addMemory({ content: `memory ${at}`, user_id: `u${at}` })))
  const open =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'openmemory' AND datname = current_database()"
  expect(execute(store, open)).toBe('3')
})

databaseTest(
  'with approximateAbove a search of more memories compares candidates, and sees what was just written',
  async () => {
    const store = databaseOf(freshDirectory())
    const [exact, om] = [{}, { approximateAbove: 20 }].map((options) =>
      keep(new OpenMemory({ store, embedder: 'test', ...options })),
    ) as [OpenMemory, OpenMemory]
    await exact.addMemories(Array.from({ length: 60 }, (_, at) => ({ content: `note ${at}`, user_id: `u${at % 15}` })))
    await exact.addMemory({ id: 'safe', content: 'the safe is behind the clock', user_id: 'ada' })
    const ask = async (from: OpenMemory, options: SearchOptions = {}) => {
      const [hit] = await from.searchMemories('where is the safe?', { explain: true, limit: 1, ...options })
      return [hit?.content, hit?.explain?.approximate]
    }
    const approximate = { value: 1, weight: 0 }
    expect(await ask(om)).toEqual(['the safe is behind the clock', approximate])
    await exact.updateMemory('safe', { content: 'the safe is behind the door' })
    expect(await ask(om)).toEqual(['the safe is behind the door', approximate])
    expect(await ask(om, { filters: { user_id: 'ada' } })).toEqual(['the safe is behind the door', undefined])
    expect(await ask(exact)).toEqual(['the safe is behind the door', undefined])
  },
)

databaseTest('what only a directory has is UNSUPPORTED, and says what to use', async () => {
  const [om] = openDatabases(1) as [OpenMemory]
  const use = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (error: Error & { code: string }) => `${error.code}: ${error.message}`,
    )
  expect(await use(om.backup(join(freshDirectory(), 'copy')))).toMatch(/^UNSUPPORTED: .*pg_dump/)
  expect(await use(om.compact())).toMatch(/^UNSUPPORTED: .*VACUUM/)
  expect(await use(om.flush())).toMatch(/^UNSUPPORTED: .*synchronous_commit/)
})

databaseTest('a server of the object serves its database', async () => {
  const [om] = openDatabases(1) as [OpenMemory]
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  await expect(om.serve({ port: 0, store: URL })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'store' })
  const server = await om.serve({ port: 0, keyFile: join(freshDirectory(), 'keys.json') })
  const client = new OpenMemory({ url: server.url })
  expect(await client.getMemory(id)).toMatchObject({ content: 'Ada drinks tea' })
  await client.close()
  await server.close()
  // The object is still open.
  expect(await om.getMemory(id)).toMatchObject({ id })
})

databaseTest('a write that is repeated at another server is done once, and gets the same answer', async () => {
  const all = openDatabases(2) as [OpenMemory, OpenMemory]
  const apiKeys = ['default=own-key-0123456789', 'ann=ann-key-0123456789']
  const start = async (om: OpenMemory) =>
    asker((await om.serve({ port: 0, apiKeys, keyFile: join(freshDirectory(), 'keys.json') })).port)
  const [here, there] = (await Promise.all(all.map(start))) as [Ask, Ask]
  const key = 'own-key-0123456789'
  const add = (ask: Ask, content: string, idempotency: string, as = key) =>
    ask('POST', '/memory/add', { key: as, body: { content }, headers: { 'idempotency-key': idempotency } })
  const first = await add(here, 'Ada drinks tea', 'one')
  const again = await add(there, 'Ada drinks tea', 'one')
  expect([first.status, first.headers['idempotent-replayed']]).toEqual([200, undefined])
  expect([again.status, again.headers['idempotent-replayed']]).toEqual([200, 'true'])
  expect([again.text, again.headers.etag]).toEqual([first.text, first.headers.etag])
  expect((await add(there, 'Ada drinks coffee', 'one')).body).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect((await add(there, 'Ada drinks coffee', 'one', 'ann-key-0123456789')).status).toBe(200)

  // Sent to both at once, by a client that could not wait.
  const racing = Array.from({ length: 40 }, (_, at) => {
    const send = (ask: Ask) => add(ask, `note ${at}`, `racing ${at}`)
    return Promise.all([send(here), send(there)])
  })
  for (const [one, other] of await Promise.all(racing)) {
    expect([one.status, other.status, other.text]).toEqual([200, 200, one.text])
  }
  expect((await all[0].listMemories({ limit: 100 })).memories).toHaveLength(41)

  // What was refused has changed nothing, and is tried again.
  const update = (ask: Ask) =>
    ask('PATCH', '/memory/late', { key, body: { tags: ['x'] }, headers: { 'idempotency-key': 'two' } })
  expect((await update(here)).status).toBe(404)
  await all[0].addMemory({ id: 'late', content: 'Ada was late' })
  expect((await update(there)).body).toMatchObject({ id: 'late', version: 2 })
  expect((await update(here)).body).toMatchObject({ id: 'late', version: 2 })
})

databaseTest('an export of a database is imported into a directory, and exported to equal bytes', async () => {
  const [om] = openDatabases(1) as [OpenMemory]
  await om.addMemories([{ content: 'Ada drinks tea', user_id: 'ada' }, { content: 'Bob runs' }])
  const [file, again] = [join(freshDirectory(), 'a.jsonl'), join(freshDirectory(), 'b.jsonl')]
  expect(await om.exportTo(file)).toMatchObject({ memories: 2 })
  const embedded = new OpenMemory({ path: freshDirectory(), embedder: 'test' })
  expect(await embedded.importFrom(file)).toMatchObject({ imported: 2 })
  await embedded.exportTo(again)
  await embedded.close()
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'))
})

databaseTest('what two objects learn from one call at once is learnt once, exported and forgotten', async () => {
  const [om, other] = openDatabases(2) as [OpenMemory, OpenMemory]
  const answer = operations(() => [{ op: 'add', text: 'Ada lives in Porto', quote: 'I live in Porto' }])
  let [arrived, both] = [0, () => {}]
  const all = new Promise<void>((resolve) => {
    both = resolve
  })
  const model = await fakeModel(async (exchange, response) => {
    arrived += 1
    if (arrived === 2) both()
    await all
    await answer(exchange, response)
  })
  const options = { user_id: 'ada', languageModel: model.endpoint }
  const messages = [{ content: 'I live in Porto', id: 'm1' }]
  const [one, two] = await Promise.all([om.learn(messages, options), other.learn(messages, options)])
  expect(one).toMatchObject({ status: 'done', operations: [{ state: 'applied' }] })
  expect(two).toEqual(one)
  const { memories } = await om.listMemories()
  expect(memories.map(({ content }) => content)).toEqual(['Ada lives in Porto'])
  expect(await other.getSources(memories[0]?.id as string)).toMatchObject([
    { learning: one.id, quote: 'I live in Porto' },
  ])

  const [file, again] = [join(freshDirectory(), 'a.jsonl'), join(freshDirectory(), 'b.jsonl')]
  await om.exportTo(file)
  const embedded = new OpenMemory({ path: freshDirectory(), embedder: 'test' })
  await embedded.importFrom(file)
  await embedded.exportTo(again)
  await embedded.close()
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'))
  expect(readFileSync(file, 'utf8')).toContain('"source"')

  await other.deleteMemories({ filters: { user_id: 'ada' } })
  expect((await om.listLearnings()).learnings).toEqual([])
  expect((await om.listMessages()).messages).toEqual([])
})

databaseTest('the clients of its server learn with the model of the object, within its budget', async () => {
  const answer = operations(() => [{ op: 'add', text: 'Ada lives in Porto', quote: 'I live in Porto' }])
  const { endpoint: languageModel } = await fakeModel(answer)
  const om = keep(new OpenMemory({ store: databaseOf(freshDirectory()), embedder: 'test', languageModel }))
  const keyFile = join(freshDirectory(), 'keys.json')
  const server = await om.serve({ port: 0, keyFile, tokensPerHour: 1 })
  const client = keep(new OpenMemory({ url: server.url }))
  expect(await client.learn('I live in Porto', { user_id: 'ada' })).toMatchObject({ status: 'done' })
  expect((await om.listMemories()).memories).toMatchObject([{ content: 'Ada lives in Porto', user_id: 'ada' }])
  const second = client.learn('I live in Porto, as I said', { user_id: 'ada' })
  await expect(second).rejects.toMatchObject({
    code: 'LANGUAGE_MODEL_FAILED',
    details: { why: 'budget' },
  })
})

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')

function migrate(from: string, to: string): { code: number; result: Record<string, unknown> } {
  const { status, stdout } = spawnSync(process.execPath, [CLI, 'migrate', '--from', from, '--to', to, '--json'], {
    encoding: 'utf8',
  })
  return { code: status ?? -1, result: JSON.parse(stdout) }
}

databaseTest('openmemory migrate moves memories into a database and back, and is repeated without harm', async () => {
  const [path, back, store] = [freshDirectory(), freshDirectory(), databaseOf(freshDirectory())]
  const om = new OpenMemory({ path })
  const [first] = await om.addMemories([
    { id: 'tea', content: 'Ada drinks tea', user_id: 'ada' },
    { content: 'Bob runs' },
  ])
  expect(first).toMatchObject({ ok: true })
  await om.updateMemory('tea', { content: 'Ada drinks coffee' })
  await om.addMemory({ id: 'gone', content: 'Ada forgets this' })
  await om.deleteMemory('gone')
  await om.close()
  const expected = { memories: 2, versions: 3, tombstones: 1, failed: 0, missing: 0 }
  expect(migrate(path, store)).toMatchObject({ code: 0, result: { ...expected, imported: 2, skipped: 0 } })
  expect(migrate(path, store)).toMatchObject({ code: 0, result: { ...expected, imported: 0, skipped: 2 } })
  expect(migrate(store, back)).toMatchObject({ code: 0, result: { ...expected, imported: 2 } })
  const again = new OpenMemory({ path: back })
  expect(await again.getMemory('tea', { version: 1 })).toMatchObject({ content: 'Ada drinks tea' })
  // What differs is told, and kept.
  await again.updateMemory('tea', { content: 'Ada drinks water' })
  await again.close()
  expect(migrate(back, store)).toMatchObject({ code: 1, result: { failed: 1, missing: 1 } })
})

databaseTest('openmemory migrate copies all tenants, and the webhooks of each', async () => {
  const [path, back, store] = [freshDirectory(), freshDirectory(), databaseOf(freshDirectory())]
  const apiKeys = ['default=own-key-0123456789', 'ann=ann-key-0123456789', 'bob=bob-key-0123456789']
  const keyFile = join(freshDirectory(), 'keys.json')
  const hooks = (tenant: string) => `/api/v1/webhooks/projects/${tenant}/`
  const om = new OpenMemory({ path })
  const ask = asker((await om.serve({ port: 0, apiKeys, keyFile })).port)
  for (const [name, key] of apiKeys.map((key) => key.split('=') as [string, string])) {
    await ask('POST', '/memory/add', { key, body: { id: 'tea', content: `${name} drinks tea`, user_id: 'ada' } })
    const body = { name: `of ${name}`, url: 'http://127.0.0.1:9/', event_types: ['memory_add'] }
    expect((await ask('POST', hooks(name), { key, body })).status).toBeLessThan(300)
  }
  await om.close()
  const tenants = ['default', 'ann', 'bob']
  const all = { tenants, memories: 3, failed: 0, missing: 0 }
  // A webhook and its position, for each.
  expect(migrate(path, store)).toMatchObject({ code: 0, result: { ...all, imported: 3, documents: 6 } })
  expect(migrate(path, store)).toMatchObject({ code: 0, result: { ...all, imported: 0, skipped: 3, documents: 0 } })
  const served = keep(new OpenMemory({ store }))
  const there = asker((await served.serve({ port: 0, apiKeys, keyFile })).port)
  for (const [name, key] of apiKeys.map((key) => key.split('=') as [string, string])) {
    expect((await there('GET', '/memory/tea', { key })).body).toMatchObject({ content: `${name} drinks tea` })
    expect((await there('GET', hooks(name), { key })).body).toMatchObject([{ name: `of ${name}`, is_active: true }])
  }
  await served.close()
  expect(migrate(store, back)).toMatchObject({ code: 0, result: { ...all, imported: 3, documents: 6 } })
  const ann = new OpenMemory({ path: join(back, 'tenants', 'ann') })
  expect(await ann.getMemory('tea')).toMatchObject({ content: 'ann drinks tea' })
  await ann.close()
})

databaseTest('openmemory migrate that is killed is run again, and everything is there once', async () => {
  const [path, store] = [freshDirectory(), databaseOf(freshDirectory())]
  const om = new OpenMemory({ path })
  const memories = Array.from({ length: 240 }, (_, at) => ({ id: `m${at}`, content: `Ada drinks tea number ${at}` }))
  await om.addMemories(memories)
  await om.updateMemories(memories.slice(0, 100).map(({ id }) => ({ id, tags: ['tea'] })))
  await om.deleteMemory('m239')
  await om.close()
  const first = spawn(process.execPath, [CLI, 'migrate', '--from', path, '--to', store, '--json'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => first.once('exit', (_code, signal) => resolve(signal)))
  while (!(await some(store))) await pause(20)
  first.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
  const before = Number(execute(store, 'SELECT count(*) FROM om_memory'))
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(239)
  const { code, result } = migrate(path, store)
  expect([code, result]).toEqual([0, expect.objectContaining({ failed: 0, missing: 0, versions: 339, tombstones: 1 })])
  expect((result.imported as number) + (result.skipped as number)).toBe(239)
  expect(execute(store, 'SELECT count(*) FROM om_memory')).toBe('239')
  expect(execute(store, 'SELECT count(*) FROM om_history')).toBe('100')
})

/** Whether memories are in the database already. */
async function some(store: string): Promise<boolean> {
  if (execute(store, "SELECT to_regclass('om_memory') IS NOT NULL") !== 't') return false
  return Number(execute(store, 'SELECT count(*) FROM om_memory')) > 0
}

test('openmemory migrate refuses a source that is no store', () => {
  const { code, result } = migrate(freshDirectory(), URL)
  expect([code, result]).toEqual([
    1,
    { error: expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { field: 'from' } }) },
  ])
})

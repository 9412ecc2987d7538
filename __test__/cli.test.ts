// The command line: one method of the SDK per command, JSON for programs, and codes for scripts.

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { listen } from './helpers/events'
import { asker, serve } from './helpers/server'
import { freshDirectory, openEmbedded } from './helpers/store'

// Windows has neither signals nor bash, and ordinary users cannot create symbolic links there.
const unixTest = process.platform === 'win32' ? test.skip : test

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')

interface Ended {
  code: number
  out: string
  err: string
}

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, ...args], (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
    child.stdin?.end()
  })
}

/** A server, so that commands need no model: they are quick, and go the way of --url too. */
async function store() {
  const { server, store } = await serve()
  const runJson = async (...args: string[]) => {
    const { code, out, err } = await run(...args, '--url', server.url, '--json')
    expect([err, out.trim().split('\n')]).toEqual(['', [expect.any(String)]])
    return { code, result: JSON.parse(out) }
  }
  return { om: store, url: server.url, runJson }
}

test('a memory goes through every command', async () => {
  const { om, runJson } = await store()
  const flags = ['--tag', 'a', '--tag', 'b', '--metadata', '{"draft": true}', '--user', 'ada', '--id', 'm1']
  expect((await runJson('add', 'Ada drinks tea', ...flags)).result).toMatchObject({
    ...{ id: 'm1', content: 'Ada drinks tea', tags: ['a', 'b'], metadata: { draft: true }, user_id: 'ada' },
  })
  expect((await runJson('get', 'm1')).result).toEqual(
    await om.getMemory('m1').then((m) => ({ ...m, salience: expect.any(Number) })),
  )
  const change = [
    '--content',
    'Ada drinks coffee',
    '--no-tags',
    '--metadata',
    '{"draft": null}',
    '--reason',
    'she said so',
  ]
  expect((await runJson('update', 'm1', ...change, '--if-version', '1')).result).toMatchObject({
    ...{ content: 'Ada drinks coffee', tags: [], metadata: {}, version: 2 },
  })
  expect((await runJson('search', 'coffee', '-k', '1')).result).toMatchObject([{ id: 'm1' }])
  expect((await runJson('search', 'coffee', '--user', 'bob')).result).toEqual([])
  expect((await runJson('list', '--filter', '{"user_id": "ada"}')).result.memories).toMatchObject([{ id: 'm1' }])
  expect((await runJson('history', 'm1')).result).toMatchObject([{ version: 2, reason: 'she said so' }, { version: 1 }])
  expect((await runJson('restore', 'm1', '1')).result).toMatchObject({ content: 'Ada drinks tea', version: 3 })
  expect((await runJson('reinforce', 'm1', '--boost', '0.3')).result).toMatchObject({ version: 3 })
  expect((await runJson('stats')).result).toMatchObject({ memories: 1 })
  expect((await runJson('reindex')).result).toMatchObject({ reindexed: 0 })
  expect((await runJson('delete', 'm1')).result).toMatchObject({ id: 'm1' })
})

test('a store is exported and imported, and a rejected import exits with 1', async () => {
  const { om, runJson } = await store()
  await om.addMemory({ id: 'a', content: 'one', user_id: 'ada' })
  await om.addMemory({ id: 'b', content: 'two' })
  const file = join(freshDirectory(), 'memories.jsonl')
  expect((await runJson('export', file, '--filter', '{"user_id": "ada"}')).result).toMatchObject({ memories: 1 })
  await om.updateMemory('a', { content: 'three' })
  expect(await runJson('import', file)).toMatchObject({ code: 1, result: { failed: 1, errors: [{ id: 'a' }] } })
  expect(await runJson('import', file, '--on-conflict', 'replace')).toMatchObject({ code: 0, result: { replaced: 1 } })
  expect((await om.getMemory('a')).content).toBe('one')
  expect((await runJson('backup', 'monday')).result).toMatchObject({ error: { code: 'FORBIDDEN' } })
})

test('search --explain shows the contribution of each feature', async () => {
  const { om, url } = await store()
  await om.addMemory({ content: 'Ada drinks tea', tags: ['taste'] })
  const { out } = await run('search', 'tea', '--explain', '--url', url)
  const lines = [...out.matchAll(/^ +([+-]\d+\.\d\d) {2}(\w+)/gm)]
  const adds = lines.filter(([, , name]) => name !== 'sum').map(([, number]) => Number(number))
  const [, total, score] = /([+-][\d.]+) {2}sum +gives a score of (\d\.\d{3})$/m.exec(out) ?? []
  expect(adds.length).toBeGreaterThan(2)
  expect(adds.reduce((sum, number) => sum + number, 0)).toBeCloseTo(Number(total), 1)
  const slope = Number(total) < 0 ? 1 : 0.055
  expect(Number(score)).toBeCloseTo(1 / (1 + Math.exp(-Number(total) * slope)), 2)
  expect(out).toMatch(/lexical +\d\.\d{3} × \d/)
})

test('doctor reports problems and how to repair them, and repairs them', async () => {
  const path = freshDirectory()
  const om = openEmbedded({ path })
  for (const n of [1, 2, 3]) {
    await om.addMemory({ id: `m${n}`, content: `note ${n}` })
    await om.updateMemory(`m${n}`, { metadata: { n } })
  }
  expect((await run('doctor', '--path', path, '--wait', '0')).err).toMatch(/End the process that has it open/)
  await om.close()
  const well = await run('doctor', '--path', path)
  expect(well).toMatchObject({ code: 0, out: expect.stringMatching(/^The store is healthy: 3 memories/) })

  const log = join(path, readdirSync(path).find((name) => name.startsWith('log-')) as string)
  const bytes = readFileSync(log)
  bytes[bytes.indexOf('note 2')] = 0
  writeFileSync(log, bytes)
  rmSync(join(path, 'sled-0000000000000001', 'db'))
  const ill = await run('doctor', '--path', path)
  expect(ill.code).toBe(1)
  expect(ill.out).toMatch(/doctor --repair/)
  const asJson = await run('doctor', '--path', path, '--json')
  expect([asJson.code, JSON.parse(asJson.out).complete]).toEqual([1, false])
  const mended = await run('doctor', '--path', path, '--repair')
  expect(mended.code).toBe(1)
  expect(mended.out).toMatch(/2 memories are in the store.*The damaged files are in .*lost: m2/s)
  expect((await run('doctor', '--path', path)).code).toBe(0)

  const nowhere = await run('doctor', '--path', join(path, 'none'))
  expect(nowhere).toMatchObject({ code: 1, err: expect.stringMatching(/Name the directory of a store/) })
}, 30_000)

test('doctor asks a server whether it answers', async () => {
  const { runJson, url } = await store()
  expect(await runJson('doctor')).toMatchObject({ code: 0, result: { healthy: true, memories: 0 } })
  expect((await run('doctor', '--repair', '--url', url)).code).toBe(2)
})

test('a failure is code 1, and a JSON document where JSON is asked for', async () => {
  const { runJson, url } = await store()
  expect(await runJson('get', 'none')).toMatchObject({ code: 1, result: { error: { code: 'NOT_FOUND', status: 404 } } })
  expect(await runJson('delete', 'none', 'nor this')).toMatchObject({ code: 1, result: [{ ok: false }, { ok: false }] })
  const plain = await run('get', 'none', '--url', url)
  expect(plain).toMatchObject({ code: 1, out: '' })
  expect(plain.err).not.toMatch(/\bat .*:\d+/)
})

test.each([
  [[]],
  [['fly']],
  [['get']],
  [['get', 'a', 'b']],
  [['get', 'a', '--colour', 'red']],
  [['update', 'a', '--metadata', '{']],
  [['update', 'a', '--if-version', 'x']],
  [['update', 'a', '--tag', 'x', '--no-tags']],
  [['delete']],
  [['delete', 'a', '--all']],
  [['restore', 'a']],
  [['restore', 'a', 'b']],
  [['get', 'a', '--user', 'ada']],
  [['import', 'x.jsonl', '--user', 'ada']],
  [['delete', 'a', '--user', 'ada']],
  [['list', './memories']],
  [['stats', './memories']],
  [['add', 'a', '--id', 'x', '--id', 'y']],
  [['add', 'a', '--id', '--tag', 'x']],
  [['add', '-5 degrees']],
  [['list', '--json=yes']],
  [['list', '--allow-non-empty']],
  [['list', '--wait', 'long']],
  [['list', '--wait', '-1']],
  [['list', '--wait', '1', '--url', 'http://localhost']],
  [['keys', 'list', '--tenant', 'a']],
  [['help', 'fly']],
  [['serve', '--rate-limit', 'many']],
  [['keys', 'make']],
  [['list', '--path', 'x', '--url', 'http://localhost']],
  [['demo', '2024-10-01', '2024-10-02']],
])('wrong usage, %j, is code 2 and touches nothing', async (args) => {
  const { code, out, err } = await run(...args)
  expect(code).toBe(2)
  expect(args.length === 0 ? out : err).toMatch(/Usage: openmemory|is not a command/)
})

test('a usage error shows what was typed and what is valid', async () => {
  const { om, url } = await store()
  await om.addMemory({ id: 'a', content: 'one' })
  const firstError = async (...args: string[]) => (await run(...args, '--url', url)).err.split('\n')[0]
  expect(await firstError('restore', 'a', 'abc')).toBe('openmemory: VERSION must be a number, not abc')
  expect(await firstError('add', '-5 degrees')).toMatch(/'-5 degrees' is not an option of add; .* -- '-5 degrees'$/)
  expect(await firstError('add', 'x', '--id', '--tag', 'y')).toMatch(/--id needs a value; .* --id=--tag$/)
  expect(await firstError('search', 'one', '--min-score', '7')).toMatch(/^openmemory: --min-score\b/)
  expect(await firstError('add', '')).toMatch(/^openmemory: TEXT\b/)
  expect(await firstError('add', 'x', '--expires', 'soon')).toMatch(/^openmemory: --expires\b/)
  await run('add', '--url', url, '--', '-5 degrees')
  await run('update', 'a', '--content', '-6 degrees', '--url', url)
  const { memories } = await om.listMemories()
  expect(memories.map(({ content }) => content).sort()).toEqual(['-5 degrees', '-6 degrees'])
})

test('six concurrent commands take turns, and --wait 0 does not wait', async () => {
  const path = freshDirectory()
  const texts = Array.from({ length: 6 }, (_, n) => `note ${n}`)
  const added = await Promise.all(texts.map((text) => run('add', text, '--path', path)))
  expect(added.map(({ code, err }) => [code, err])).toEqual(texts.map(() => [0, '']))
  const om = openEmbedded({ path })
  await om.stats()
  expect(await run('add', 'late', '--path', path, '--wait', '0', '--json')).toMatchObject({
    ...{ code: 1, out: expect.stringContaining('LOCKED') },
  })
  expect((await om.listMemories()).memories.map(({ content }) => content).sort()).toEqual(texts)
}, 30_000)

test('help shows every command, and each command its options', async () => {
  const { code, out } = await run('help')
  expect(code).toBe(0)
  const commands =
    'add search context get update history restore retire delete list reinforce import export backup reindex stats doctor serve keys mcp demo'
  for (const name of commands.split(' ')) {
    expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    expect((await run(name, '--help')).out).toContain(`Usage: openmemory ${name}`)
  }
  // No terminal, no colours.
  expect(out).not.toContain('\u001b')
}, 30_000)

unixTest('completion is a script that bash accepts', async () => {
  const { out } = await run('completion')
  const bash = spawn('bash', ['-c', `${out}\nCOMP_WORDS=(openmemory up); COMP_CWORD=1; _openmemory; echo "$COMPREPLY"`])
  let printed = ''
  bash.stdout.on('data', (chunk) => (printed += chunk))
  await once(bash, 'close')
  expect(printed.trim()).toBe('update')
})

/** Serves, stops in the middle of writes, and expects everything that was answered on disk. */
async function stopServing(flags: string[], stop: (child: ChildProcessWithoutNullStreams) => unknown): Promise<void> {
  const path = freshDirectory()
  const child = spawn(process.execPath, [CLI, 'serve', '--path', path, '--port', '0', '--json', ...flags])
  let log = ''
  child.stderr.on('data', (chunk) => (log += chunk))
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { url, port, path: served } = JSON.parse(line)
  const remote = new OpenMemory({ url, apiKey: 'a-secret-key' })
  const { id } = await remote.addMemory({ content: 'a very secret text', user_id: 'secret-user' })
  const watcher = await listen(port, '/watch?filters=%7B%22user_id%22%3A%22secret-user%22%7D')
  const ask = asker(port)
  const writes = Array.from({ length: 50 }, (_, n) =>
    ask('PATCH', `/memory/${id}`, { body: { metadata: { [`f${n}`]: n } } }).then(
      ({ status }) => (status === 200 ? n : undefined),
      () => undefined,
    ),
  )
  await writes[0]
  stop(child)
  const answered = (await Promise.all(writes)).filter((n) => n !== undefined)
  const [code] = await once(child, 'exit')
  expect([code, answered.length > 0, served]).toEqual([0, true, path])
  while (await watcher.next()) {
    // Ends with the server, not by a connection that breaks.
  }
  await remote.close()

  const om = new OpenMemory({ path })
  const { metadata } = await om.getMemory(id)
  expect(answered.filter((n) => metadata[`f${n}`] !== n)).toEqual([])
  await om.close()

  // A line of JSON for each request, without keys or texts.
  const lines = log
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
  expect(lines[0]).toMatchObject({ method: 'POST', route: '/memory/add', status: 200, request_id: expect.any(String) })
  expect(lines).toContainEqual(expect.objectContaining({ method: 'GET', route: '/watch', status: 200 }))
  expect(log).not.toMatch(/secret/)
}

unixTest(
  'SIGTERM ends serve with code 0 when everything answered is on disk',
  () => stopServing([], (child) => child.kill('SIGTERM')),
  60_000,
)

test(
  'so does the end of its input with --stop-with-stdin',
  () => stopServing(['--stop-with-stdin'], (child) => child.stdin.end()),
  60_000,
)

unixTest('a signal ends serve though its input stays open', async () => {
  const child = spawn(process.execPath, [CLI, 'serve', '--path', freshDirectory(), '--port', '0', '--stop-with-stdin'])
  await once(createInterface(child.stdout), 'line')
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(0)
})

test('serve goes on when its input ends, unless it is told to stop with it', async () => {
  const child = spawn(process.execPath, [CLI, 'serve', '--path', freshDirectory(), '--port', '0', '--json'])
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  child.stdin.end()
  const { port } = JSON.parse(line)
  expect((await asker(port)('GET', '/health')).status).toBe(200)
  child.kill()
  await once(child, 'exit')
})

test('serve prints the absolute path of its directory', async () => {
  const parent = realpathSync(freshDirectory())
  const child = spawn(process.execPath, [CLI, 'serve', '--path', 'memories', '--port', '0'], { cwd: parent })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(line).toMatch(/ on http:\/\/127\.0\.0\.1:\d+; /)
  expect(line).toContain(join(parent, 'memories'))
})

test('keys are made, listed and revoked by command', async () => {
  const path = freshDirectory()
  const keys = async (...args: string[]) => JSON.parse((await run('keys', ...args, '--path', path, '--json')).out)
  const made = await keys('create', '--tenant', 'acme', '--name', 'laptop')
  expect(made).toMatchObject({ tenant: 'acme', name: 'laptop', role: 'tenant', key: expect.stringMatching(/^om_/) })
  expect(await keys('list')).toMatchObject([{ id: made.id, tenant: 'acme' }])
  expect(JSON.stringify(await keys('list'))).not.toContain(made.key)
  expect(await keys('revoke', made.id)).toMatchObject({ revoked_at: expect.any(String) })
  expect((await run('keys', 'revoke', 'key_none', '--path', path)).code).toBe(1)
  expect((await run('keys', 'create', '--tenant', 'Not A Name', '--path', path)).code).toBe(1)
})

test('- is standard output of an export and standard input of an import', async () => {
  const { om, url } = await store()
  await om.addMemory({ id: 'a', content: 'one' })
  const exported = await run('export', '-', '--url', url)
  expect(exported).toMatchObject({ code: 0, err: expect.stringMatching(/^1 memories in 1 versions/) })
  expect(
    exported.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{}, { id: 'a' }, { end: true }])
  expect((await run('export', '-', '--json', '--url', url)).code).toBe(2)
  await om.deleteMemory('a')
  const importing = new Promise<string>((resolve) => {
    const child = execFile(process.execPath, [CLI, 'import', '-', '--url', url, '--json'], (_, out) => resolve(out))
    child.stdin?.end(exported.out)
  })
  expect(JSON.parse(await importing)).toMatchObject({ imported: 1 })
  expect((await om.getMemory('a')).content).toBe('one')
})

unixTest('a key file that is a symbolic link stays one', async () => {
  const path = freshDirectory()
  const link = join(path, 'keys.json')
  symlinkSync('kept.json', link)
  await run('keys', 'create', '--path', path)
  expect([lstatSync(link).isSymbolicLink(), existsSync(join(path, 'kept.json'))]).toEqual([true, true])
})

test('standard input must be UTF-8, and its byte order mark is removed', async () => {
  const { om, url } = await store()
  const add = (bytes: Buffer) =>
    new Promise<Ended>((resolve) => {
      const child = execFile(process.execPath, [CLI, 'add', '-', '--url', url], (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err })
      })
      child.stdin?.end(bytes)
    })
  for (const latin1 of [Buffer.from([0xd3, 0xc3, 0xbb, 0xa7]), Buffer.from([0x63, 0x61, 0x66, 0xe9])]) {
    expect(await add(latin1)).toMatchObject({ code: 1, err: expect.stringContaining('UTF-8') })
  }
  expect((await add(Buffer.from('\ufeffcafé'))).code).toBe(0)
  expect((await om.listMemories()).memories.map(({ content }) => content)).toEqual(['café'])
})

test('update reads a text from standard input, too', async () => {
  const { om, url } = await store()
  const { id } = await om.addMemory({ content: 'before' })
  const code = await new Promise((resolve) => {
    const args = [CLI, 'update', id, '--content', '-', '--url', url]
    execFile(process.execPath, args, (error) => resolve(error ? error.code : 0)).stdin?.end('after\n')
  })
  expect(code).toBe(0)
  expect((await om.getMemory(id)).content).toBe('after')
})

test('a reader that has read enough ends a command quietly', async () => {
  const { om, url } = await store()
  await om.addMemories(Array.from({ length: 800 }, (_, n) => ({ content: `note ${n} ${'and more '.repeat(20)}` })))
  const child = spawn(process.execPath, [CLI, 'list', '--limit', '800', '--url', url])
  let err = ''
  child.stderr.on('data', (chunk) => (err += chunk))
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = await once(child, 'exit')
  expect([code, err]).toEqual([0, ''])
})

test('read commands do not create a store, and report that there is none', async () => {
  const path = join(freshDirectory(), 'none')
  for (const args of [['list'], ['search', 'x'], ['get', 'x'], ['stats'], ['export', 'x.jsonl']]) {
    const { code, err } = await run(...args, '--path', path)
    expect([args[0], code, err]).toEqual([args[0], 1, expect.stringContaining(`there is none in ${path}`)])
  }
  expect(existsSync(path)).toBe(false)
})

test('~/ is the home directory, where no shell has put it in', async () => {
  const home = freshDirectory()
  const env = { ...process.env, HOME: home, USERPROFILE: home }
  const args = [CLI, 'import', join(home, 'none.jsonl'), '--path', '~/memories']
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' })
  await once(child, 'exit')
  expect(readdirSync(home)).toEqual(['memories'])
})

test('a text that is there already is not added again, and a deletion compares versions', async () => {
  const { om, url } = await store()
  const { id } = await om.addMemory({ content: 'Ada drinks tea' })
  const added = await run('add', 'Ada drinks tea', '--if-exists', 'skip', '--json', '--url', url)
  expect(JSON.parse(added.out)).toMatchObject({ id, existed: true })
  expect((await run('add', 'x', '--if-exists', 'merge', '--url', url)).err).toContain('--if-exists: must be')
  expect((await run('delete', id, '--if-version', '2', '--url', url)).code).toBe(1)
  expect((await run('delete', id, id, '--reason', 'x', '--url', url)).code).toBe(2)
  expect((await run('delete', id, '--if-version', '1', '--reason', 'old', '--url', url)).code).toBe(0)
  expect((await run('compact', '--url', url)).out).toMatch(/^\d+ bytes before, \d+ after/)
})

// What exportTo writes: the whole history as JSON lines, whole or not at all, the same bytes for the same store.

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { beforeEach, expect, test } from '@jest/globals'
import { everything, fillLively } from './helpers/lively-store'
import { refusal } from './helpers/refusal'
import { freshDirectory, openEmbedded, openStore } from './helpers/store'

type Line = Record<string, unknown> & { versions?: Record<string, unknown>[] }

let folder: string
let file: string

beforeEach(() => {
  folder = freshDirectory()
  file = join(folder, 'memories.jsonl')
})

function linesOf(path: string): Line[] {
  const text = readFileSync(path, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

test('an export imported into an empty store and exported again is the same, byte for byte', async () => {
  const om = openStore()
  await fillLively(om)
  const exported = await om.exportTo(file)
  const other = openStore()
  const copy = join(folder, 'copy.jsonl')
  expect(await other.importFrom(file)).toMatchObject({ imported: exported.memories, tombstones: 2, failed: 0 })
  expect(await other.exportTo(copy)).toEqual(exported)
  expect(readFileSync(copy).equals(readFileSync(file))).toBe(true)
  expect(await everything(other)).toEqual(await everything(om))
})

test('from a directory and back to one, an export stays the same, byte for byte', async () => {
  const before = openEmbedded()
  await fillLively(before)
  await before.exportTo(file)
  const [om, after] = [openStore(), openEmbedded()]
  const copies = ['there.jsonl', 'back.jsonl'].map((name) => join(folder, name)) as [string, string]
  await om.importFrom(file)
  await om.exportTo(copies[0])
  await after.importFrom(copies[0])
  await after.exportTo(copies[1])
  for (const copy of copies) expect(readFileSync(copy).equals(readFileSync(file))).toBe(true)
})

test('stores that are empty or have only deleted memories round-trip', async () => {
  for (const ids of [[], ['only']]) {
    const om = openStore()
    for (const id of ids) await om.addMemory({ id, content: 'x' })
    for (const id of ids) await om.deleteMemory(id)
    await om.exportTo(file)
    const other = openStore()
    await other.importFrom(file)
    await other.exportTo(`${file}.2`)
    expect(readFileSync(`${file}.2`, 'utf8')).toBe(readFileSync(file, 'utf8'))
  }
})

test('lines are in order: header, memories as added, deleted ids, trailer', async () => {
  const om = openStore()
  await fillLively(om)
  const summary = await om.exportTo(file)
  const [header, ...lines] = linesOf(file)
  const trailer = lines.pop()
  expect(header).toEqual({
    ...{ format: 'openmemory-export', format_version: 1 },
    model: { id: 'test', dimensions: 256 },
  })
  expect(lines.slice(0, 3).map(({ id }) => id)).toEqual(['plain', 'similar', 'also'])
  expect(lines.slice(-2)).toEqual([
    { deleted: 'A/gone too', deleted_at: expect.any(String), version: 1 },
    { deleted: 'gone', deleted_at: expect.any(String), version: 2 },
  ])
  const bytes = readFileSync(file)
  expect(trailer).toEqual({
    end: true,
    memories: 6,
    versions: 11,
    tombstones: 2,
    blake3: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(summary).toEqual({ memories: 6, versions: 11, tombstones: 2, bytes: bytes.length })

  const [plain] = lines as [Line]
  const history = await om.getHistory('plain')
  expect(plain.versions?.map(({ version, event }) => [version, event])).toEqual(
    history.map(({ version, event }) => [version, event]),
  )
  expect(plain.versions?.[1]).toMatchObject({ event: 'RESTORE', restored_from: 1, actor: 'ada' })
  // The text is named once where versions in a row share it.
  expect(plain.versions?.map(({ content }) => content)).toEqual([
    'Ada drinks coffee now',
    'Ada drinks tea in the morning',
    'Ada drinks coffee now',
    undefined,
    undefined,
    'Ada drinks tea in the morning',
  ])
  // Each link once, on the younger memory's line.
  const links = lines.flatMap(({ waypoints }) => (waypoints as { id: string }[] | undefined) ?? [])
  expect(links.length).toBeGreaterThan(0)
  expect(lines[1]).toMatchObject({ feedback: 'VERY_NEGATIVE', feedback_reason: 'wrong time', user_id: 'ada' })
})

test('filters choose memories, expired ones too, and userId is one of them', async () => {
  const path = freshDirectory()
  const om = openStore({ path })
  await fillLively(om)
  expect(await om.exportTo(file, { filters: { tags: 'drink' } })).toMatchObject({ memories: 0, tombstones: 0 })
  expect(await om.exportTo(file, { filters: { expires_at: { lt: '2010-01-01' } } })).toMatchObject({ memories: 1 })
  expect(await om.exportTo(file, { filters: { tags: 'b' } })).toMatchObject({ memories: 1, versions: 1 })
  const scoped = openStore({ path, userId: 'ada' })
  expect(await scoped.exportTo(file)).toMatchObject({ memories: 2, tombstones: 0 })
  expect((await refusal(om.exportTo(file, { filters: { colour: 'red' } as never }))).code).toBe('INVALID_ARGUMENT')
})

test('an interrupted export leaves the previous file unchanged, and no other files', async () => {
  const om = openStore()
  const all = 5000
  for (let n = 0; n < all; n += 1000) {
    await om.addMemories(Array.from({ length: 1000 }, (_, i) => ({ content: `note ${n + i}` })))
  }
  writeFileSync(file, 'an older export')
  const controller = new AbortController()
  const reason = new Error('enough')
  const call = om.exportTo(file, { signal: controller.signal, onProgress: () => controller.abort(reason) })
  const error = await refusal(call)
  expect(error).toMatchObject({ code: 'ABORTED', cause: reason })
  expect(readFileSync(file, 'utf8')).toBe('an older export')
  expect(readdirSync(folder)).toEqual(['memories.jsonl'])
  const progress: [number, number][] = []
  await om.exportTo(file, { onProgress: (done, total) => progress.push([done, total]) })
  expect(progress.length).toBeGreaterThan(1)
  expect(progress.at(-1)).toEqual([all, all])
  expect(linesOf(file)).toHaveLength(all + 2)
})

test('during concurrent writes, each memory is exported in a consistent state', async () => {
  const om = openStore()
  const ids = Array.from({ length: 200 }, (_, n) => `m${n}`)
  await om.addMemories(ids.map((id) => ({ id, content: 'state 1', tags: ['1'], metadata: { state: 1 } })))
  let exporting = true
  const writing = (async () => {
    for (let state = 2; exporting; state++) {
      await om.updateMemories(
        ids.map((id) => ({ id, content: `state ${state}`, tags: [`${state}`], metadata: { state } })),
      )
    }
  })()
  const found = new Set<number>()
  for (let round = 0; round < 5 || found.size < 2; round++) {
    await om.exportTo(file)
    for (const { versions = [] } of linesOf(file).slice(1, -1)) {
      found.add(versions.length)
      versions.forEach(({ version, content, tags, metadata }, at) => {
        const state = versions.length - at
        expect([version, content, tags, metadata]).toEqual([state, `state ${state}`, [`${state}`], { state }])
      })
    }
  }
  exporting = false
  await writing
})

test('a file that cannot be written is refused before any work', async () => {
  const om = openStore()
  await om.addMemory({ content: 'x' })
  mkdirSync(join(folder, 'sub'))
  for (const [path, code] of [
    [join(folder, 'sub'), 'INVALID_ARGUMENT'],
    [join(folder, 'missing', 'x.jsonl'), 'INVALID_ARGUMENT'],
    ['', 'INVALID_ARGUMENT'],
    [7 as never, 'INVALID_ARGUMENT'],
    [undefined as never, 'INVALID_ARGUMENT'],
  ] as const) {
    expect(await refusal(om.exportTo(path))).toMatchObject({ code, field: 'file' })
  }
  expect((await refusal(om.exportTo(join(folder, 'x'.repeat(300))))).code).toBe('IO')
  expect(existsSync(join(folder, 'missing'))).toBe(false)
})

test('the file is readable by its owner only', async () => {
  const om = openStore()
  await om.addMemory({ content: 'x' })
  await om.exportTo(file)
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
})

// Windows has no named pipes, and ordinary users cannot create such links.
const unixTest = process.platform === 'win32' ? test.skip : test

unixTest('a symbolic link stays one, and the file that it names is replaced or made', async () => {
  const om = openStore()
  await om.addMemory({ content: 'x' })
  await om.exportTo(file)
  const there = join(folder, 'there')
  mkdirSync(there)
  writeFileSync(join(there, 'old.jsonl'), 'an older export')
  const links = { old: join(there, 'old.jsonl'), new: 'there/new.jsonl', chain: 'old' }
  for (const [name, target] of Object.entries(links)) {
    const link = join(folder, name)
    symlinkSync(target, link)
    await om.exportTo(link)
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(readFileSync(link, 'utf8')).toBe(readFileSync(file, 'utf8'))
  }
  expect(readdirSync(there).sort()).toEqual(['new.jsonl', 'old.jsonl'])
  symlinkSync('loop', join(folder, 'loop'))
  expect(await refusal(om.exportTo(join(folder, 'loop')))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'file' })
})

unixTest('an export can be written to a pipe, which stays a pipe', async () => {
  const om = openStore()
  await om.addMemories(Array.from({ length: 300 }, (_, n) => ({ content: `${n} ${'long '.repeat(500)}` })))
  await om.exportTo(file)
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const exporting = om.exportTo(pipe)
  await wait(50)
  const [exported, text] = await Promise.all([exporting, readFile(pipe, 'utf8')])
  expect(text).toBe(readFileSync(file, 'utf8'))
  expect(exported).toMatchObject({ memories: 300, bytes: Buffer.byteLength(text) })
  expect(lstatSync(pipe).isFIFO()).toBe(true)
})

unixTest('an export to an unread pipe ends with its signal or with the object, and leaves no file', async () => {
  const om = openStore()
  await om.addMemory({ content: 'x' })
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const controller = new AbortController()
  const aborted = refusal(om.exportTo(pipe, { signal: controller.signal }))
  const closed = refusal(om.exportTo(pipe))
  await wait(50)
  controller.abort()
  expect((await aborted).code).toBe('ABORTED')
  await om.close()
  expect((await closed).code).toBe('CLOSED')
  // The folder is shared with other processes.
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`openmemory-pipe-${process.pid}-`))).toEqual([])
  expect(readdirSync(folder)).toEqual(['pipe'])
})

// In a directory of its own: where this fails as root, the machine's device would be replaced. Others make no devices.
unixTest('a device is written into', async () => {
  const om = openStore()
  await om.addMemory({ content: 'x' })
  const [nothing, full] = [join(folder, 'null'), join(folder, 'full')]
  try {
    execFileSync('mknod', [nothing, 'c', '1', '3'], { stdio: 'pipe' })
    execFileSync('mknod', [full, 'c', '1', '7'], { stdio: 'pipe' })
    writeFileSync(nothing, '')
  } catch {
    return
  }
  expect(await om.exportTo(nothing)).toMatchObject({ memories: 1 })
  expect((await refusal(om.exportTo(full))).code).toBe('IO')
  for (const device of [nothing, full]) expect(statSync(device).isCharacterDevice()).toBe(true)
  expect(await refusal(om.importFrom(nothing))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'file' })
})

const onLinux = process.platform === 'linux' ? test : test.skip
onLinux('a device that is full is IO, and retryable as a full disk is', async () => {
  const om = openStore()
  await om.addMemory({ content: 'Ada drinks tea' })
  expect(await refusal(om.exportTo('/dev/full'))).toMatchObject({ code: 'IO', retryable: true })
})

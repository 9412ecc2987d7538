// What importFrom makes of a file: all of it or, where the file is not right, nothing; never anything twice.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { beforeEach, expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { exitOf, nextMessage, start } from './helpers/child'
import { everything, fillLively } from './helpers/lively-store'
import { refusal } from './helpers/refusal'
import { embeddedTest, exceptInPostgres, freshDirectory, openStore } from './helpers/store'
import { wordEmbedder } from './helpers/word-embedder'

let folder: string
let file: string

beforeEach(() => {
  folder = freshDirectory()
  file = join(folder, 'memories.jsonl')
})

const header = { format: 'openmemory-export', format_version: 1 }
const version = { version: 1, event: 'ADD', updated_at: '2024-01-01T00:00:00Z', content: 'By hand' }
const memory = { id: 'm', created_at: '2024-01-01', versions: [version] }

function write(...lines: unknown[]): void {
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
}

async function exportOf(fill: (om: OpenMemory) => Promise<unknown>): Promise<Buffer> {
  const om = openStore()
  await fill(om)
  await om.exportTo(file)
  await om.close()
  return readFileSync(file)
}

const notes = (count: number) => (om: OpenMemory) =>
  om.addMemories(Array.from({ length: count }, (_, n) => ({ id: `m${n}`, content: `note ${n}`, user_id: `u${n % 3}` })))

test('an import restores everything: search, history, links, restoring', async () => {
  const om = openStore()
  await fillLively(om)
  await om.exportTo(file)
  const other = openStore()
  const progress: [number, number][] = []
  const summary = await other.importFrom(file, { onProgress: (done, total) => progress.push([done, total]) })
  expect(summary).toEqual({ imported: 6, replaced: 0, skipped: 0, tombstones: 2, failed: 0, errors: [] })
  expect(progress[0]).toEqual([0, 8])
  expect(progress.at(-1)).toEqual([8, 8])
  expect(await everything(other)).toEqual(await everything(om))

  const [hit] = await other.searchMemories('Ada drinks coffee now', { limit: 1 })
  expect(hit).toMatchObject({ id: 'plain', version: 6 })
  expect((await other.listMemories({ filters: { tags: 'a' } })).memories).toHaveLength(1)
  expect(await other.restoreMemory('plain', 3)).toMatchObject({ version: 7, metadata: { z: 1 } })
  expect(await other.updateMemory('plain', { content: 'Ada drinks tea in the morning' })).toMatchObject({ version: 8 })
  expect((await refusal(other.updateMemory('pinned', { tags: [] }))).code).toBe('IMMUTABLE')
  expect((await refusal(other.getMemory('gone'))).details).toMatchObject({ deleted: true, version: 2 })
  const { salience } = await om.getMemory('similar')
  expect((await other.getMemory('similar')).salience).toBeCloseTo(salience, 6)
})

test('a second import of the same file finds everything there', async () => {
  await exportOf(fillLively)
  const om = openStore()
  await om.importFrom(file)
  const before = await everything(om)
  await om.reinforceMemory('plain')
  expect(await om.importFrom(file)).toMatchObject({ imported: 0, skipped: 6, tombstones: 0, failed: 0 })
  expect(await everything(om)).toEqual(before)
})

test('onConflict decides whether a conflicting memory is reported, skipped or replaced', async () => {
  await exportOf(fillLively)
  const om = openStore()
  const mine = { id: 'plain', content: 'Something else', user_id: 'bob' }
  await om.addMemory(mine)

  const reported = await om.importFrom(file)
  expect(reported).toMatchObject({ imported: 5, skipped: 0, failed: 1 })
  expect(reported.errors).toMatchObject([{ line: 2, id: 'plain', error: { code: 'VERSION_CONFLICT', version: 1 } }])
  expect(reported.errors[0]?.error).toBeInstanceOf(Error)
  expect(await om.importFrom(file, { onConflict: 'skip' })).toMatchObject({ skipped: 6, failed: 0 })
  expect(await om.getMemory('plain')).toMatchObject(mine)

  const links = await om.getWaypoints('similar')
  expect(await om.importFrom(file, { onConflict: 'replace' })).toMatchObject({ replaced: 1, skipped: 5, failed: 0 })
  expect(await om.getMemory('plain')).toMatchObject({ content: 'Ada drinks coffee now', version: 6 })
  expect(await om.getHistory('plain')).toHaveLength(6)
  expect(await om.getWaypoints('similar')).toEqual(links)
  const hits = await om.searchMemories('Something else', { filters: { user_id: 'bob' } })
  expect(hits).toEqual([])
  expect((await om.searchMemories('Ada drinks coffee now', { limit: 1 }))[0]?.id).toBe('plain')
  expect((await refusal(om.importFrom(file, { onConflict: 'guess' as never }))).details).toEqual({
    field: 'onConflict',
  })
})

const bad: [string, unknown, string, string][] = [
  ['no JSON', '{"id":', 'INVALID_ARGUMENT', ''],
  ['no object', '[1]', 'INVALID_ARGUMENT', ''],
  ['no id', { ...memory, id: undefined }, 'MISSING_ID', 'id'],
  ['an unknown field', { ...memory, colour: 'red' }, 'INVALID_ARGUMENT', 'colour'],
  ['no versions', { ...memory, versions: [] }, 'INVALID_ARGUMENT', 'versions'],
  [
    'a gap',
    { ...memory, versions: [{ ...version, version: 3, event: 'UPDATE' }, version] },
    'INVALID_ARGUMENT',
    'versions[1].version',
  ],
  [
    'no first version',
    { ...memory, versions: [{ ...version, version: 2, event: 'UPDATE' }] },
    'INVALID_ARGUMENT',
    'versions',
  ],
  ['no text', { ...memory, versions: [{ ...version, content: undefined }] }, 'INVALID_ARGUMENT', 'versions[0].content'],
  ['an empty text', { ...memory, versions: [{ ...version, content: ' ' }] }, 'INVALID_ARGUMENT', 'versions[0].content'],
  [
    'a tag that is none',
    { ...memory, versions: [{ ...version, tags: ['a', 7] }] },
    'INVALID_ARGUMENT',
    'versions[0].tags[1]',
  ],
  [
    'a deep value',
    { ...memory, versions: [{ ...version, metadata: { a: { n: 2 ** 60 } } }] },
    'INVALID_ARGUMENT',
    'versions[0].metadata.a.n',
  ],
  [
    'too many tags',
    { ...memory, versions: [{ ...version, tags: Array(65).fill('x') }] },
    'LIMIT_EXCEEDED',
    'versions[0].tags',
  ],
  ['a wrong time', { ...memory, created_at: 'soon' }, 'INVALID_ARGUMENT', 'created_at'],
  [
    'a wrong event',
    { ...memory, versions: [{ ...version, event: 'UPDATE' }] },
    'INVALID_ARGUMENT',
    'versions[0].event',
  ],
  ['a salience beyond 1', { ...memory, salience: 7, salience_at: '2024-01-01' }, 'INVALID_ARGUMENT', 'salience'],
  [
    'a link of no weight',
    { ...memory, waypoints: [{ id: 'x', weight: 2 }] },
    'INVALID_ARGUMENT',
    'waypoints[0].weight',
  ],
  [
    'a sector of none',
    { ...memory, versions: [{ ...version, classified: ['dreams'] }] },
    'INVALID_ARGUMENT',
    'versions[0].classified[0]',
  ],
  ['a deleted id that is none', { deleted: 7, deleted_at: '2024-01-01', version: 1 }, 'INVALID_ARGUMENT', 'deleted'],
]

test.each(bad)('a line with %s is refused by line and field, and nothing is imported', async (_, line, code, field) => {
  write(header, { ...memory, id: 'good' }, '', line, { end: true })
  const om = openStore()
  const error = await refusal(om.importFrom(file))
  expect(error).toMatchObject({ code, details: { field, line: 4 } })
  expect((await om.stats()).memories).toBe(0)
})

test('a file cut off anywhere, or with any byte changed, is refused as damaged and changes nothing', async () => {
  const whole = await exportOf(fillLively)
  const om = openStore()
  for (let cut = 200; cut < whole.length - 1; cut += 331) {
    writeFileSync(file, whole.subarray(0, cut))
    expect([cut, (await refusal(om.importFrom(file))).code]).toEqual([cut, 'CORRUPTED'])
  }
  const text = whole.indexOf('drinks')
  for (const at of [text, whole.indexOf('2020-02-29'), whole.indexOf('"end"') - 4]) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] as number) ^ 1
    writeFileSync(file, changed)
    expect(['CORRUPTED', 'INVALID_ARGUMENT']).toContain((await refusal(om.importFrom(file))).code)
  }
  writeFileSync(file, Buffer.concat([whole, whole]))
  expect((await refusal(om.importFrom(file))).code).toBe('CORRUPTED')
  expect((await om.stats()).memories).toBe(0)
})

test('files that are not exports and exports of other versions are distinguished', async () => {
  const om = openStore()
  for (const [text, code] of [
    ['', 'INVALID_ARGUMENT'],
    ['id,content\n1,hello\n', 'INVALID_ARGUMENT'],
    ['{"id":"x"}\n', 'INVALID_ARGUMENT'],
    ['{"format":"openmemory-export","format_version":2}\n{"end":true}\n', 'FORMAT_UNSUPPORTED'],
  ] as const) {
    writeFileSync(file, text)
    expect([text, (await refusal(om.importFrom(file))).code]).toEqual([text, code])
  }
  expect((await refusal(om.importFrom(join(folder, 'missing')))).code).toBe('IO')
  expect(await refusal(om.importFrom(folder))).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'file' })
})

test('a file made by hand needs little: an id, times, a text, and an end', async () => {
  write(header, memory, { deleted: 'old', deleted_at: '2023-01-01', version: 4 }, { end: true })
  const om = openStore()
  expect(await om.importFrom(file)).toMatchObject({ imported: 1, tombstones: 1, failed: 0 })
  expect(await om.getMemory('m')).toMatchObject({ content: 'By hand', created_at: '2024-01-01T00:00:00.000Z' })
  expect(await om.importFrom(file)).toMatchObject({ imported: 0, skipped: 1, tombstones: 0 })
})

test('an import restores deleted ids and deletes nothing', async () => {
  await exportOf(notes(2))
  const om = openStore()
  await notes(1)(om)
  await om.deleteMemory('m0')
  expect(await om.importFrom(file)).toMatchObject({ imported: 2 })
  expect((await om.getMemory('m0')).version).toBe(1)
  write(header, { deleted: 'm0', deleted_at: '2030-01-01', version: 9 }, { end: true })
  expect(await om.importFrom(file)).toMatchObject({ tombstones: 0 })
  expect((await om.getMemory('m0')).content).toBe('note 0')
})

// It stops at a report, which a server does not wait for.
embeddedTest('an aborted import resumes where it stopped', async () => {
  const whole = await exportOf(notes(400))
  const om = openStore()
  const controller = new AbortController()
  const call = om.importFrom(file, {
    signal: controller.signal,
    onProgress: (done) => done > 100 && controller.abort(new Error('enough')),
  })
  expect(await refusal(call)).toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
  const { memories } = await om.stats()
  expect(memories).toBeGreaterThan(100)
  expect(memories).toBeLessThan(400)
  expect(await om.importFrom(file)).toMatchObject({ skipped: memories, imported: 400 - memories, failed: 0 })
  await om.exportTo(file)
  expect(readFileSync(file).equals(whole)).toBe(true)
})

exceptInPostgres('a killed import resumes where it stopped', 'its process imports into a directory', async () => {
  const whole = await exportOf(notes(900))
  const path = freshDirectory()
  for (const stop of [100, 300, 500]) {
    const child = start('import.mjs', path, file)
    let done = 0
    while (done < stop) done = (await nextMessage<{ done: number }>(child)).done
    child.kill('SIGKILL')
    await exitOf(child)
  }
  const om = openStore({ path })
  const { memories } = await om.stats()
  expect(memories).toBeGreaterThanOrEqual(500)
  expect(await om.importFrom(file)).toMatchObject({ skipped: memories, imported: 900 - memories, failed: 0 })
  await om.exportTo(file)
  expect(readFileSync(file).equals(whole)).toBe(true)
})

test('only the newest texts are embedded, those of the history when they are restored', async () => {
  await exportOf(fillLively)
  const words = wordEmbedder()
  const om = openStore({ embedder: words.embedder })
  await om.importFrom(file)
  expect(words.texts).toContain('Ada drinks coffee now')
  expect(words.texts).not.toContain('Ada drinks tea in the morning')
  await om.restoreMemory('plain', 1)
  expect(words.texts).toContain('Ada drinks tea in the morning')
})

// It stops at a report, which a server does not wait for.
embeddedTest('an import stops when embedding fails, and resumes when called again', async () => {
  await exportOf(notes(150))
  const { embedder } = wordEmbedder()
  let online = true
  const om = openStore({
    embedder: {
      ...embedder,
      embed: (texts) => {
        if (!online) throw new Error('no network')
        return embedder.embed(texts)
      },
    },
  })
  const call = om.importFrom(file, {
    onProgress: (done) => {
      online = done === 0
    },
  })
  expect(await refusal(call)).toMatchObject({ code: 'EMBEDDING_FAILED', cause: { message: 'no network' } })
  online = true
  const { memories } = await om.stats()
  expect(memories).toBeLessThan(150)
  expect(await om.importFrom(file)).toMatchObject({ skipped: memories, imported: 150 - memories, failed: 0 })
})

test('a store of another model refuses to import until it is reindexed', async () => {
  await exportOf(notes(3))
  const path = freshDirectory()
  const om = openStore({ path, embedder: wordEmbedder('one').embedder })
  await om.addMemory({ content: 'x' })
  await om.close()
  const other = openStore({ path, embedder: wordEmbedder('two').embedder })
  expect((await refusal(other.importFrom(file))).code).toBe('MODEL_MISMATCH')
  expect((await other.stats()).memories).toBe(1)
})

// Windows has no named pipes.
const unixTest = process.platform === 'win32' ? test.skip : test

unixTest('a pipe is read to its end, and a signal ends reading from an idle one', async () => {
  const whole = await exportOf(notes(900))
  const om = openStore()
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const importing = om.importFrom(pipe)
  await wait(50)
  const [imported] = await Promise.all([importing, writeFile(pipe, whole)])
  expect(imported).toMatchObject({ imported: 900, failed: 0 })
  const [cut] = await Promise.all([refusal(om.importFrom(pipe)), writeFile(pipe, whole.subarray(0, 5000))])
  expect(cut.code).toBe('CORRUPTED')

  const controller = new AbortController()
  const aborted = refusal(om.importFrom(pipe, { signal: controller.signal }))
  await wait(50)
  controller.abort()
  expect((await aborted).code).toBe('ABORTED')
})

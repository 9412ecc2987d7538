// The story: a machine runs out of a resource, or the embedding function does not return. Each call fails with the cause,
// acknowledged writes stay, and the store works again once the cause is removed.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import { exitOf, messageOf, nextMessage } from './helpers/child'
import { refusal } from './helpers/refusal'
import { mountSmallDisk, testWithSmallDisk } from './helpers/small-disk'
import { freshDirectory, openStore } from './helpers/store'

const posix = process.platform === 'win32' ? test.skip : test

/** A child whose resources a shell has limited. */
function limited(limit: string, name: string, ...args: string[]): ChildProcess {
  const command = `ulimit ${limit}; exec "$0" "$@"`
  const child = join(__dirname, 'children', name)
  return spawn('sh', ['-c', command, process.execPath, child, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

/** Adds batches until something is refused: the acknowledged ids, and what the others were refused with. */
async function fill(om: OpenMemory): Promise<{ acknowledged: string[]; codes: Set<string> }> {
  const acknowledged: string[] = []
  const codes = new Set<string>()
  for (let round = 0; codes.size === 0; round++) {
    const items = Array.from({ length: 300 }, (_, n) => ({
      id: `${round}-${n}`,
      content: `note ${round} ${n} ${'and more '.repeat(30)}`,
    }))
    // A batch commits in groups: the call fails when one of them does, and those before it stay.
    const outcome = await om.addMemories(items).catch((error: { code: string }) => error)
    if (!Array.isArray(outcome)) codes.add(outcome.code)
    else for (const result of outcome) result.ok ? acknowledged.push(result.memory.id) : codes.add(result.error.code)
  }
  return { acknowledged, codes }
}

/** The result of a call once the cause of its failures is removed. */
async function untilDone<T>(call: () => Promise<T>): Promise<T> {
  const error = { retryable: true }
  for (let tries = 0; tries < 100_000 && error.retryable; tries++) {
    const outcome = await call().then(
      (value) => ({ value }),
      (refused: { retryable: boolean }) => Object.assign(error, { retryable: refused.retryable, refused }),
    )
    if ('value' in outcome) return outcome.value
  }
  throw error
}

testWithSmallDisk.each(['flush', 'interval'] as const)(
  'on a full disk writes fail with IO, acknowledged writes stay, and writing resumes once space is free (%s)',
  async (durability) => {
    const disk = mountSmallDisk(48)
    disk.take(16)
    const path = join(disk.path, 'store')
    const om = openStore({ path, durability })
    await om.stats()
    // A file of the user, at the path of an earlier version's space probe. The full disk may have no room for it.
    writeFileSync(join(path, 'room.tmp'), 'mine')
    const { acknowledged, codes } = await fill(om)
    expect([...codes]).toEqual(['IO'])
    expect(acknowledged.length).toBeGreaterThan(300)
    // There may be space for less than a batch.
    let refused: unknown
    for (let n = 0; n < 100_000 && refused === undefined; n++) {
      const content = `note 99 ${n} ${'and more '.repeat(30)}`
      refused = await om.addMemory({ content }).then(
        () => undefined,
        (error) => error,
      )
    }
    expect(refused).toMatchObject({ code: 'IO', retryable: true })

    disk.free()
    // Several at once, as an agent would send them: none prevents the others from retrying.
    const kinds = ['room again', 'more room'].map((id) => untilDone(() => om.addMemory({ id, content: id })))
    const changes = Array.from({ length: 6 }, () =>
      untilDone(() => om.updateMemory(acknowledged[0] as string, { tags: [] })),
    )
    for (const { version } of await Promise.all([...kinds, ...changes])) expect(version).toBeGreaterThan(0)
    const kept = new Set<string>()
    for await (const { id, content } of om.iterateMemories({ limit: 1000 })) {
      expect(content).toMatch(/^(note \d+ \d+ (and more ){30}|(no |more )?room( again)?)$/)
      kept.add(id)
    }
    // `interval` guarantees less: the last half second may be lost.
    if (durability === 'flush') expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
    expect(kept).toContain('room again')
    expect((await om.searchMemories('room again', { limit: 1 }))[0]?.id).toBe('room again')
    expect(readFileSync(join(path, 'room.tmp'), 'utf8')).toBe('mine')
  },
)

testWithSmallDisk('on a disk that takes no more files nothing acknowledged is lost', async () => {
  const disk = mountSmallDisk(200, 100)
  const path = join(disk.path, 'store')
  const om = openStore({ path })
  const large = (n: number) => om.updateMemory('m', { metadata: { n, text: 'x'.repeat(60_000) } })
  for (const id of ['m', 'small']) await om.addMemory({ id, content: 'changes' })
  for (let n = 0; n < 20; n++) await large(n)
  disk.takeFiles()
  // Each new segment of the log needs one, and each large row of sled.
  let refused: { code: string } | undefined
  for (let n = 20; n < 2000 && refused === undefined; n++)
    refused = await large(n).then(
      () => undefined,
      (e) => e,
    )
  expect(refused?.code).toBe('IO')
  // What is small may fit into the old one.
  for (let n = 0; n < 6; n++) await om.updateMemory('small', { metadata: { n } }).catch(() => {})

  // As a kill leaves it, and as a power cut does that takes all of sled.
  const [killed, cut] = [freshDirectory(), freshDirectory()]
  cpSync(path, killed, { recursive: true })
  cpSync(path, cut, { recursive: true, filter: (file) => !/sled-\d+$/.test(file) })
  for (const path of [killed, cut]) {
    const copy = openStore({ path })
    for (const id of ['m', 'small']) {
      const [found, current] = [await copy.getMemory(id), await om.getMemory(id)]
      expect([found.version, found.metadata.n]).toEqual([current.version, current.metadata.n])
    }
  }
  disk.free()
  expect((await untilDone(() => large(2000))).metadata.n).toBe(2000)
})

testWithSmallDisk('an export that does not fit is IO and leaves the file that was there', async () => {
  const disk = mountSmallDisk(4)
  const om = openStore()
  await om.addMemory({ content: 'small' })
  const file = join(disk.path, 'memories.jsonl')
  await om.exportTo(file)
  const before = readFileSync(file, 'utf8')
  await om.addMemories(
    Array.from({ length: 300 }, (_, n) => ({ content: `large ${n}`, metadata: { text: 'x'.repeat(30_000) } })),
  )
  expect((await refusal(om.exportTo(file))).code).toBe('IO')
  expect(readFileSync(file, 'utf8')).toBe(before)
})

testWithSmallDisk(
  'a read-only file system is IO, and a store that is there already opens once it is writable',
  async () => {
    const disk = mountSmallDisk(40)
    const path = join(disk.path, 'store')
    const om = openStore({ path })
    const { id } = await om.addMemory({ content: 'kept' })
    await om.close()
    disk.setReadOnly(true)
    const blocked = openStore({ path })
    expect((await refusal(blocked.updateMemory(id, { tags: ['x'] }))).code).toBe('IO')
    expect((await refusal(openStore({ path: join(disk.path, 'new') }).ready())).code).toBe('IO')
    disk.setReadOnly(false)
    // The same object: what failed to open is opened by the next call.
    expect(await blocked.updateMemory(id, { tags: ['x'] })).toMatchObject({ content: 'kept', version: 2 })
  },
)

posix('a directory without permission is IO', async () => {
  const [own, closed] = [freshDirectory(), freshDirectory()]
  mkdirSync(join(closed, 'store'))
  chmodSync(join(closed, 'store'), 0o000)
  chmodSync(closed, 0o555)
  if (process.getuid?.() === 0) {
    expect(await messageOf('as-nobody.mjs', own, join(closed, 'store'), join(closed, 'new'))).toEqual(['IO', 'IO'])
  } else {
    for (const name of ['store', 'new']) {
      expect((await refusal(openStore({ path: join(closed, name) }).ready())).code).toBe('IO')
    }
  }
  chmodSync(closed, 0o755)
  chmodSync(join(closed, 'store'), 0o755)
  await openStore({ path: join(closed, 'store') }).addMemory({ content: 'x' })
})

posix('without file descriptors a store cannot be opened, an open one works, and later both do', async () => {
  const child = limited('-n 128', 'few-files.mjs', freshDirectory(), freshDirectory())
  const [result] = await Promise.all([nextMessage(child), exitOf(child)])
  expect(result).toEqual({
    ...{ opening: 'IO', writing: 'done', reading: 'done' },
    ...{ openingAgain: 'done', content: 'meanwhile' },
  })
})

posix('a process that runs out of memory loses nothing that was acknowledged', async () => {
  const [path, file] = [freshDirectory(), join(freshDirectory(), 'acknowledged')]
  const child = limited(`-v ${addressSpace()}`, 'out-of-memory.mjs', path, file)
  expect(await exitOf(child)).not.toBe(0)
  const acknowledgedIds = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  expect(acknowledgedIds.length).toBeGreaterThan(8)
  const om = openStore({ path })
  for (const id of acknowledgedIds) expect((await om.getMemory(id)).content).toContain('of many words')
  await om.updateMemory(acknowledgedIds[0] as string, { tags: ['goes on'] })
})

/** What a process with an open store takes, and 400 MB more, in KiB. */
function addressSpace(): number {
  const script = `const {OpenMemory}=require(${JSON.stringify(join(__dirname, '..'))});
    const om=new OpenMemory({path:${JSON.stringify(freshDirectory())},embedder:'test'});
    om.ready().then(()=>{console.log(/VmPeak:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status','utf8'))[1]);return om.close()})`
  return Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) + 400 * 1024
}

test('a hundred thousand calls at once are all answered, and those that wait take little memory', async () => {
  const result = await messageOf<{ failed: number; grown: number; versions: number }>('flood.mjs', freshDirectory())
  expect(result).toMatchObject({ failed: 0, versions: 50_000 })
  expect(result.grown).toBeLessThan(800)
})

test('calls that wait for a slow embedding function take little memory, and reads pass them', async () => {
  const result = await messageOf<{ grown: number; read: string; added: number }>('waiting-adds.mjs', freshDirectory())
  expect(result).toMatchObject({ read: 'first', added: 8000 })
  // JavaScript's heap grows in steps, sooner on a busy machine.
  expect(result.grown).toBeLessThan(100)
})

test('calls that need no vectors do not wait for a slow embedding function', async () => {
  let answer = () => {}
  const online = new Promise<void>((resolve) => {
    answer = resolve
  })
  const om = openStore({
    embedder: {
      ...{ id: 'slow', dimensions: 2 },
      async embed(texts) {
        if (texts.includes('second')) await online
        return texts.map(() => [1, 0])
      },
    },
  })
  const { id } = await om.addMemory({ content: 'first' })
  const adding = om.addMemory({ content: 'second' })
  expect(await om.updateMemory(id, { metadata: { a: 1 } })).toMatchObject({ version: 2 })
  expect((await om.listMemories()).memories).toHaveLength(1)
  await om.deleteMemory(id)
  answer()
  expect(await adding).toMatchObject({ content: 'second' })
})

test('an embedding function that never answers is given up, and the store works once it answers again', async () => {
  let lost = false
  const om = openStore({
    timeoutMs: 2000,
    embedder: {
      ...{ id: 'lost', dimensions: 2 },
      embed: (texts) => (lost ? new Promise(() => {}) : texts.map(() => [1, 0])),
    },
  })
  await om.addMemory({ id: 'first', content: 'first' })
  lost = true
  // More than there are threads to embed.
  const calls = Array.from({ length: 40 }, (_, n) => refusal(om.addMemory({ content: `lost ${n}` })))
  for (const { code } of await Promise.all(calls)) expect(['TIMEOUT', 'EMBEDDING_FAILED']).toContain(code)
  lost = false
  expect(await untilDone(() => om.addMemory({ id: 'second', content: 'second' }))).toMatchObject({ version: 1 })
  expect(await om.getMemory('first')).toMatchObject({ version: 1 })
})

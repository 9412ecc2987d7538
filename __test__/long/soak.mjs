// Does a store stay as it is under steady use? Everything that the package does goes on at once, in a store of a steady
// size; after each minute, and a rest, it prints resident memory, the size on disk, and how long the store takes to open.
//
// Needs --expose-gc: npm run test:soak -- [--minutes 10] [--memories 20000] [--embedder test|shipped]
//
// Fails (exit code 1) where memory or opening in the last three minutes (medians) are over 10 % above the second to the
// fourth, or where at the end the files are over three times the live bytes.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { OpenMemory } from '@openmemory/sdk'

/** By then idle read threads have exited, and the system has written back changed pages. */
const REST = 12_000

const { minutes, memories, embedder } = settings()
const folder = mkdtempSync(join(tmpdir(), 'openmemory-soak-'))
const path = join(folder, 'store')
const counts = { writes: 0, reads: 0, refused: 0 }
let om = open()
let next = 0
let stopped = false

try {
  await fill()
  const rows = []
  console.log('minute  resident MB  closed MB  on disk MB  live MB  ratio  open ms  memories  versions  writes  reads')
  for (let minute = 1; minute <= minutes; minute++) {
    await run(60_000)
    rows.push(await measure(minute))
  }
  await om.close()
  judge(rows)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function open() {
  return new OpenMemory({ path, ...(embedder === 'test' && { embedder: 'test' }) })
}

async function fill() {
  for (let made = 0; made < memories; made += 200) {
    await om.addMemories(Array.from({ length: Math.min(200, memories - made) }, () => memory()))
  }
}

/** All kinds of use at once, for the given time. */
async function run(milliseconds) {
  stopped = false
  const users = [...Array.from({ length: 6 }, () => writer()), ...Array.from({ length: 4 }, () => reader()), keeper()]
  await Promise.race([setTimeout(milliseconds), Promise.all(users)])
  stopped = true
  await Promise.all(users)
}

/** Changes memories, and replaces old ones by new ones, so that neither their number nor their histories grow. */
async function writer() {
  while (!stopped) {
    const id = anyId()
    const n = Math.random()
    if (n < 0.3) await write(() => om.updateMemory(id, { content: text() }, { actor: 'soak' }))
    else if (n < 0.6) await write(() => om.updateMemory(id, { metadata: { seen: Date.now(), note: text() } }))
    else if (n < 0.7) await write(() => om.updateMemory(id, { tags: [`t${next % 9}`], expires_at: '2999-01-01' }))
    else if (n < 0.75) await write(() => om.restoreMemory(id, 1))
    else if (n < 0.8) await write(() => om.reinforceMemory(id))
    else if (n < 0.85) await write(() => om.sendFeedback(id, 'POSITIVE'))
    else if (n < 0.98) await write(() => om.updateMemories([anyId(), anyId()].map((id) => ({ id, metadata: { n } }))))
    else {
      // Every memory lives for as many replacements as there are memories. Deleted ids stay known, and take room.
      const oldest = Array.from({ length: 10 }, (_, i) => `m${next - memories + i}`)
      const items = oldest.map(() => memory())
      await write(() => om.deleteMemories(oldest))
      await write(() => om.addMemories(items))
    }
  }
}

async function reader() {
  while (!stopped) {
    const n = Math.random()
    if (n < 0.5) await read(() => om.searchMemories(text(), { filters: { user_id: `u${next % 20}` } }))
    else if (n < 0.7) await read(() => om.getMemory(anyId()))
    else if (n < 0.8) await read(() => om.getHistory(anyId()))
    else if (n < 0.9) await read(() => om.listMemories({ limit: 20, filters: { tags: `t${next % 9}` } }))
    else await read(() => om.getWaypoints(anyId()))
  }
}

/** Exports from time to time, imports the file into a separate store, and aborts some of these calls. */
async function keeper() {
  const file = join(folder, 'export.jsonl')
  const copy = new OpenMemory({ path: join(folder, 'copy'), embedder: 'test' })
  while (!stopped) {
    await read(() => om.exportTo(file, { filters: { user_id: 'u1' } }))
    await write(() => copy.importFrom(file, { onConflict: 'replace' }))
    await write(() => copy.deleteMemories({ all: true }))
    const late = Array.from({ length: 20 }, () => ({ content: text() }))
    await write(() => om.addMemories(late, { signal: AbortSignal.abort() }))
    await setTimeout(500)
  }
  await copy.close()
}

function write(call) {
  return counted('writes', call)
}

function read(call) {
  return counted('reads', call)
}

async function counted(kind, call) {
  try {
    await call()
    counts[kind] += 1
  } catch (error) {
    // Another writer has deleted it, or the signal had fired.
    if (!['NOT_FOUND', 'ABORTED', 'VERSION_CONFLICT'].includes(error.code)) throw error
    counts.refused += 1
  }
}

async function measure(minute) {
  const live = await liveBytes()
  await setTimeout(REST)
  global.gc?.()
  const resident = process.memoryUsage().rss / 1e6
  await om.close()
  global.gc?.()
  const closed = process.memoryUsage().rss / 1e6
  const disk = bytesOf(path) / 1e6
  const opening = await openingTime()
  om = open()
  const { memories: count } = await om.stats()
  const row = { minute, resident, closed, disk, live: live.bytes / 1e6, ratio: disk / (live.bytes / 1e6), opening }
  const cells = [row.resident, row.closed, row.disk, row.live].map((n) => n.toFixed(1)).concat(row.ratio.toFixed(2))
  cells.push(opening.toFixed(0), count, live.versions, counts.writes, counts.reads)
  console.log(
    [`${minute}`, ...cells].map((cell, i) => `${cell}`.padStart([6, 11, 9, 10, 7, 5, 7, 8, 8, 6, 5][i])).join('  '),
  )
  return row
}

/** Bytes of all records, each counted once: as the store reports them, or an export plus its vectors. */
async function liveBytes() {
  const file = join(folder, 'all.jsonl')
  const { bytes, versions } = await om.exportTo(file)
  rmSync(file)
  const { live_bytes: liveBytes, vectors } = await om.stats()
  return { bytes: liveBytes ?? bytes + vectors * (embedder === 'test' ? 256 : 384) * 4, versions }
}

/** The shortest of five, since other load on the machine lengthens some of them. */
async function openingTime() {
  const times = []
  for (let n = 0; n < 5; n++) {
    const started = performance.now()
    const store = open()
    await store.stats()
    times.push(performance.now() - started)
    await store.close()
  }
  return Math.min(...times)
}

function judge(rows) {
  const last = rows.at(-1)
  // sled's files and its caches swing by a half between the times at which they are made small.
  const early = rows.length > 4 ? rows.slice(1, 4) : rows.slice(0, 1)
  const growth = (name) => (median(rows.slice(-3), name) / median(early, name) - 1) * 100
  const failures = []
  for (const [name, what] of [
    ['resident', 'resident memory'],
    ['opening', 'opening'],
  ]) {
    console.log(`${what} in the last three minutes: ${growth(name).toFixed(1)} % against the second to the fourth`)
    if (growth(name) > 10) failures.push(`${what} grew by over 10 %`)
  }
  console.log(`files: ${last.ratio.toFixed(2)} times the live bytes`)
  if (last.ratio > 3) failures.push('the files are over three times the live bytes')
  console.log(failures.length > 0 ? `FAILED: ${failures.join('; ')}` : 'flat')
  if (failures.length > 0) process.exitCode = 1
}

function median(rows, name) {
  const sorted = rows.map((row) => row[name]).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function memory() {
  const id = `m${next}`
  next += 1
  return { id, content: text(), tags: [`t${next % 9}`], user_id: `u${next % 20}`, metadata: { note: text() } }
}

function anyId() {
  return `m${next - 1 - Math.floor(Math.random() * memories)}`
}

function text() {
  const words = ['tea', 'coffee', 'morning', 'meeting', 'invoice', 'happy', 'always', 'yesterday', 'Berlin', 'release']
  const some = Array.from({ length: 6 + Math.floor(Math.random() * 20) }, () => words[Math.floor(Math.random() * 10)])
  return `${some.join(' ')} ${Math.floor(Math.random() * 1e6)}.`
}

function bytesOf(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.path, entry.name)).size, 0)
}

function settings() {
  const flags = { minutes: { type: 'string' }, memories: { type: 'string' }, embedder: { type: 'string' } }
  const { minutes = '10', memories = '20000', embedder = 'test' } = parseArgs({ options: flags }).values
  if (!(minutes > 0) || !(memories > 0) || !['test', 'shipped'].includes(embedder)) {
    console.error('usage: npm run test:soak -- [--minutes N] [--memories N] [--embedder test|shipped]')
    process.exit(2)
  }
  return { minutes: Number(minutes), memories: Number(memories), embedder }
}

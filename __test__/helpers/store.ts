// Stores in temporary directories, closed and removed after each test. With OPENMEMORY_TEST_MODE the same tests run
// against a server (see jest.config.js).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from '@jest/globals'
import { type EmbeddedOptions, OpenMemory } from '@openmemory/sdk'
import { databaseOf, dropDatabase, serveAndReach } from './served'

export const remote = (globalThis as { openMemoryTestMode?: string }).openMemoryTestMode === 'remote'

/** For behaviour that only an embedded store can have. */
export const embeddedTest = remote ? test.skip : test

/** Whether the memories are in PostgreSQL. */
export const inPostgres = (globalThis as { openMemoryTestStore?: string }).openMemoryTestStore === 'postgres'

/** Whether calls go through a server. */
export const served = remote && !process.env.OPENMEMORY_TEST_IN_PROCESS

/** For behaviour of servers that share a database. */
export const databaseTest = inPostgres ? test : test.skip

/** For behaviour that a store in PostgreSQL cannot have. The reason is listed when its tests have run. */
export function exceptInPostgres(name: string, reason: string, body: () => Promise<void>): void {
  if (inPostgres) test.skip(`${name} (${reason})`, body)
  else test(name, body)
}

const opened: OpenMemory[] = []
const directories: string[] = []

const endings: (() => unknown)[] = []

/** Ends a process at the end of the test, before the directories that it may have open are removed. */
export function endAfterTest(end: () => unknown): void {
  endings.push(end)
}

afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()))
  await Promise.all(opened.splice(0).map((store) => store.close()))
  for (const directory of directories.splice(0)) {
    // Windows refuses it for a moment after a process that had the directory open has ended.
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
    dropDatabase(directory)
  }
})

export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'openmemory-'))
  directories.push(directory)
  return directory
}

/** Opens a store with the test embedder in a fresh directory, unless options override it. */
export function openStore(options: EmbeddedOptions = {}): OpenMemory {
  return opening({ path: freshDirectory(), embedder: 'test', ...options })
}

/** Opens a store with the shipped model. */
export function openModelStore(path = freshDirectory()): OpenMemory {
  return opening({ path })
}

/** Opens an embedded store in both modes. */
export function openEmbedded(options: EmbeddedOptions = {}): OpenMemory {
  return keep(new OpenMemory({ path: freshDirectory(), embedder: 'test', ...options }))
}

/** Opens objects of this process on one new database. */
export function openDatabases(count: number): OpenMemory[] {
  const store = databaseOf(freshDirectory())
  return Array.from({ length: count }, () => keep(new OpenMemory({ store, embedder: 'test' })))
}

function opening(options: EmbeddedOptions): OpenMemory {
  if (inPostgres && process.env.OPENMEMORY_TEST_IN_PROCESS) return keep(inProcess(options))
  return keep(remote ? serveAndReach(options) : new OpenMemory(options))
}

/** An object of this process on the database that has the memories instead of the directory. */
function inProcess({ path, durability: _, allowNonEmpty: _a, lockWaitMs: _l, url: _u, ...options }: EmbeddedOptions) {
  return new OpenMemory({ ...options, store: databaseOf(path) })
}

/** Closes it after the test. */
export function keep<T extends OpenMemory>(store: T): T {
  opened.push(store)
  return store
}

// Stores in directories of their own, closed and removed after each test. The same tests run against a server where the
// environment variable OPENMEMORY_TEST_MODE says so (see jest.config.js).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, test } from '@jest/globals'
import { type EmbeddedOptions, OpenMemory } from '@openmemory/sdk'
import { serveAndReach } from './served'

export const remote = (globalThis as { openMemoryTestMode?: string }).openMemoryTestMode === 'remote'

/** For behaviour that only a store in this process can have. */
export const embeddedTest = remote ? test.skip : test

const opened: OpenMemory[] = []
const directories: string[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

export function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'openmemory-'))
  directories.push(directory)
  return directory
}

/** With the test embedder, in a fresh directory, unless the options say otherwise. */
export function openStore(options: EmbeddedOptions = {}): OpenMemory {
  return opening({ path: freshDirectory(), embedder: 'test', ...options })
}

/** With the model that the package ships. */
export function openModelStore(path = freshDirectory()): OpenMemory {
  return opening({ path })
}

/** A store in this process, in both modes. */
export function openEmbedded(options: EmbeddedOptions = {}): OpenMemory {
  return keep(new OpenMemory({ path: freshDirectory(), embedder: 'test', ...options }))
}

function opening(options: EmbeddedOptions): OpenMemory {
  return keep(remote ? serveAndReach(options) : new OpenMemory(options))
}

function keep<T extends OpenMemory>(store: T): T {
  opened.push(store)
  return store
}

// Stores in directories of their own, closed and removed after each test.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from '@jest/globals'
import { OpenMemory, type OpenMemoryOptions } from '@openmemory/sdk'

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
export function openStore(options: OpenMemoryOptions = {}): OpenMemory {
  const store = new OpenMemory({ path: freshDirectory(), embedder: 'test', ...options })
  opened.push(store)
  return store
}

/** With the model that the package ships. */
export function openModelStore(path = freshDirectory()): OpenMemory {
  const store = new OpenMemory({ path })
  opened.push(store)
  return store
}

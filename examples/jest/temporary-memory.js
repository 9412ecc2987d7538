// A store for one test, in its own directory, so that parallel workers do not conflict. Closed so that Jest can exit.

const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { OpenMemory } = require('@openmemory/sdk')

const stores = new Map()

afterEach(async () => {
  for (const [om, path] of stores) {
    await om.close()
    rmSync(path, { recursive: true, force: true })
  }
  stores.clear()
})

/** `embedder: 'test'` needs no model: it is deterministic, and texts that share words are similar. */
function temporaryMemory(options) {
  const path = mkdtempSync(join(tmpdir(), 'memory-'))
  const om = new OpenMemory({ path, embedder: 'test', ...options })
  stores.set(om, path)
  return om
}

module.exports = { temporaryMemory }

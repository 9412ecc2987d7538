// A store for one test, in a directory of its own: parallel workers never meet. Closing it is all that Jest needs to end.

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

/** `embedder: 'test'` needs no model: the same text has the same vector everywhere, and shared words make texts similar. */
function temporaryMemory(options) {
  const path = mkdtempSync(join(tmpdir(), 'memory-'))
  const om = new OpenMemory({ path, embedder: 'test', ...options })
  stores.set(om, path)
  return om
}

module.exports = { temporaryMemory }

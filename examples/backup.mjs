// A copy made while the store is written to, an export that a person can read, and both brought back.
// `node examples/backup.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { doctor, OpenMemory } from '@openmemory/sdk'

const folder = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path: join(folder, 'store') })
const { id } = await om.addMemory({ content: 'The key is under the mat' })
await om.updateMemory(id, { content: 'The key is with the neighbour' })

// Needs no pause: adding goes on.
const adding = om.addMemory({ content: 'The cat is fed at six' })
await om.backup(join(folder, 'copy'))
await adding
const exported = await om.exportTo(join(folder, 'memories.jsonl'))
console.log(exported.memories, 'memories,', exported.versions, 'versions')
await om.close()

// A backup is a store: it can be checked, and opened in the place of the first.
console.log((await doctor(join(folder, 'copy'))).healthy)
const copy = new OpenMemory({ path: join(folder, 'copy') })
console.log((await copy.searchMemories('Where is the key?'))[0].content)
await copy.close()

// An export goes into any store, with its history.
const fresh = new OpenMemory({ path: join(folder, 'fresh') })
await fresh.importFrom(join(folder, 'memories.jsonl'))
console.log((await fresh.getMemory(id, { version: 1 })).content)
await fresh.close()
rmSync(folder, { recursive: true })

// Prints:
// 2 memories, 3 versions
// true
// The key is with the neighbour
// The key is under the mat

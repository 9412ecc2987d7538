// Back up a store while it is being written, export it in a readable format, and restore from both.
// `node examples/backup.mjs`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { doctor, OpenMemory } from '@openmemory/sdk'

const folder = mkdtempSync(join(tmpdir(), 'openmemory-example-'))
const om = new OpenMemory({ path: join(folder, 'store') })
const { id } = await om.addMemory({ content: 'The key is under the mat' })
await om.updateMemory(id, { content: 'The key is with the neighbour' })

// Writes continue during a backup.
const adding = om.addMemory({ content: 'The cat is fed at six' })
await om.backup(join(folder, 'copy'))
await adding
const exported = await om.exportTo(join(folder, 'memories.jsonl'))
console.log(exported.memories, 'memories,', exported.versions, 'versions')
await om.close()

// A backup is a store: check it, and open it instead of the original.
console.log((await doctor(join(folder, 'copy'))).healthy)
const copy = new OpenMemory({ path: join(folder, 'copy') })
console.log((await copy.searchMemories('Where is the key?'))[0].content)
await copy.close()

// Any store can import an export, including its history.
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

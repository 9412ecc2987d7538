// Watches until one change, without other work that keeps the process running.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const changes = om.watch()
await om.addMemory({ content: 'tea' })
await changes.next()
changes.next()
process.disconnect?.()

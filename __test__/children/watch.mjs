// Watches until one change, without other work that keeps the process running.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const changes = om.watch()
// A watch keeps no process running, so something else must until the change has come.
const running = setInterval(() => {}, 1000)
await om.addMemory({ content: 'tea' })
await changes.next()
clearInterval(running)
changes.next()
process.disconnect?.()

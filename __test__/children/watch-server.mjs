// Watches a server until the first change, without other work that keeps the process running.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const om = new OpenMemory({ url: process.argv[2] })
const changes = om.watch()
await om.ready()
process.send('watching')
process.disconnect()
for await (const { id } of changes) {
  process.exitCode = id === 'seven' ? 7 : 1
  break
}

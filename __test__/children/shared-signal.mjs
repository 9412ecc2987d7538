// Passes one signal to many calls and watches, on a directory and against a server, and reports Node's warnings.
import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { OpenMemory } from '@openmemory/sdk'

const warnings = []
process.on('warning', ({ message }) => warnings.push(message))

const controller = new AbortController()
const { signal } = controller
const store = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const server = await store.serve({ port: 0 })
const reaching = new OpenMemory({ url: server.url })
for (const om of [store, reaching]) {
  const watches = Array.from({ length: 12 }, () => om.watch({ signal }))
  const first = watches.map((watch) => watch.next())
  await Promise.all(Array.from({ length: 12 }, () => om.addMemories([{ content: 'x' }], { signal })))
  const items = Array.from({ length: 1000 }, () => ({ content: 'x' }))
  await om.addMemories(items, { signal, onProgress: () => {} })
  await Promise.all(first)
}
controller.abort()
await reaching.close()
await store.close()
await turn()
process.send(warnings)
process.disconnect()

// Adds and updates memories, reports their ids once all are acknowledged, then waits to be killed.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
const ids = []
for (let n = 0; n < 50; n++) {
  const { id } = await om.addMemory({ content: `note ${n}` })
  await om.updateMemory(id, { content: `note ${n}, corrected`, metadata: { n } })
  ids.push(id)
}
process.send(ids)
setInterval(() => {}, 1000)

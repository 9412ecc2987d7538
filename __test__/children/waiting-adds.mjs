// Adds many memories while the embedding function does not return, and reports how much memory the waiting calls took.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

let answer
const online = new Promise((resolve) => {
  answer = resolve
})
const embed = async (texts) => {
  if (texts.some((text) => text.startsWith('waiting'))) await online
  return texts.map(() => [1, 0])
}
const om = new OpenMemory({ path: process.argv[2], embedder: { id: 'slow', dimensions: 2, embed } })
const { id } = await om.addMemory({ content: 'first' })
const before = process.memoryUsage().rss
const calls = Array.from({ length: 8000 }, (_, n) => om.addMemory({ content: `waiting ${n}`, immutable: true }))
const grown = (process.memoryUsage().rss - before) / 1e6
const read = await om.getMemory(id)
answer()
const added = await Promise.all(calls)
await om.close()
process.send({ grown, read: read.content, added: new Set(added.map((memory) => memory.id)).size })
process.disconnect()

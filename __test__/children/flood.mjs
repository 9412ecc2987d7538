// Makes 100 000 calls without awaiting any, and reports how much memory they took.
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'

const CALLS = 100_000
const megabytes = () => process.memoryUsage().rss / 1e6

const om = new OpenMemory({ path: process.argv[2], embedder: 'test' })
await om.addMemories(Array.from({ length: 100 }, (_, n) => ({ id: `m${n}`, content: `note ${n}` })))
const before = megabytes()
let peak = before
const watch = setInterval(() => {
  peak = Math.max(peak, megabytes())
}, 20)
const calls = Array.from({ length: CALLS }, (_, n) =>
  n % 2 === 0 ? om.updateMemory(`m${n % 100}`, { metadata: { n } }) : om.getMemory(`m${n % 100}`),
)
peak = Math.max(peak, megabytes())
const outcomes = await Promise.allSettled(calls)
clearInterval(watch)
let versions = 0
for await (const { version } of om.iterateMemories()) versions += version - 1
await om.close()
process.send({ failed: outcomes.filter(({ status }) => status === 'rejected').length, grown: peak - before, versions })
process.disconnect()

// What does going through a server cost? 64 connections update and read the memories of one directory, compared with
// the same calls in the process. Afterwards every acknowledged update is verified.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { OpenMemory } from '../index.mjs'

const CLIENTS = 64
const SECONDS = Number(process.argv[2] ?? 5)
const MEMORIES = 500

const path = mkdtempSync(join(tmpdir(), 'openmemory-bench-'))
const om = new OpenMemory({ path, embedder: 'test' })
const ids = Array.from({ length: MEMORIES }, (_, n) => `m${n}`)
await om.addMemories(ids.map((id) => ({ id, content: `note ${id}` })))
const server = await om.serve({ port: 0 })
const objects = Array.from({ length: CLIENTS }, () => new OpenMemory({ url: server.url }))

for (const [name, clients] of [
  ['in the process', Array(CLIENTS).fill(om)],
  ['over 64 connections', objects],
]) {
  const { updates, reads, errors, accepted, seconds } = await run(clients)
  const lost = []
  for (const [id, fields] of accepted) {
    const { metadata } = await om.getMemory(id)
    for (const field of fields) if (metadata[field] !== true) lost.push(`${id}.${field}`)
  }
  const all = [...updates, ...reads]
  console.log(
    [
      name.padEnd(20),
      `${Math.round(all.length / seconds)} calls/s`,
      `updates p50 ${at(updates, 0.5)} p99 ${at(updates, 0.99)} ms`,
      `reads p50 ${at(reads, 0.5)} p99 ${at(reads, 0.99)} ms`,
      `errors ${errors}`,
      `updates lost ${lost.length}`,
    ].join('  '),
  )
  if (errors + lost.length > 0) process.exitCode = 1
}
await Promise.all(objects.map((object) => object.close()))
await om.close()
rmSync(path, { recursive: true })

async function run(clients) {
  const [updates, reads, accepted] = [[], [], new Map()]
  let [errors, count] = [0, 0]
  const began = performance.now()
  const end = began + SECONDS * 1000
  await Promise.all(
    clients.map(async (client, number) => {
      while (performance.now() < end) {
        const id = ids[(number * 7 + count) % MEMORIES]
        const field = `f${count % 20}`
        const write = count++ % 2 === 0
        const start = performance.now()
        try {
          if (write) {
            await client.updateMemory(id, { metadata: { [field]: true } })
            if (!accepted.has(id)) accepted.set(id, new Set())
            accepted.get(id).add(field)
          } else {
            await client.getMemory(id)
          }
        } catch {
          errors++
        }
        ;(write ? updates : reads).push(performance.now() - start)
      }
    }),
  )
  return { updates, reads, errors, accepted, seconds: (performance.now() - began) / 1000 }
}

function at(times, share) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)]?.toFixed(1)
}

// A process that attacks a server until it receives a stop message: node attacker.mjs PORT KEY

import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { ATTACKS } from './attacks.mjs'

const [port, key] = process.argv.slice(2)
const counts = {}
let over = false
process.on('message', () => {
  over = true
})
const ended = ATTACKS.flatMap(({ name, times, run }) => {
  counts[name] = {}
  const attacker = { port: Number(port), key, isOver: () => over, counts: counts[name] }
  return Array.from({ length: times }, () => again(attacker, run))
})
await Promise.all(ended)
process.send(counts)
process.disconnect()

async function again(attacker, run) {
  while (!over) {
    await run(attacker)
    attacker.counts.begun = (attacker.counts.begun ?? 0) + 1
    await setTimeout(20)
  }
}

// Uses a store in every way without a language model, and sends where anybody connected to or asked for a name.
import dns from 'node:dns'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { OpenMemory } from '@openmemory/sdk'

const [directory, outside] = process.argv.slice(2)
const reached = new Set()

// What JavaScript connects to, `fetch` among it.
const { connect } = Socket.prototype
Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  const host = options?.host ?? options?.path ?? 'localhost'
  if (!isLoopback(host)) reached.add(`js ${host}`)
  return connect.apply(this, args)
}
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  const original = dns[name]
  dns[name] = (host, ...rest) => {
    if (!isLoopback(host)) reached.add(`name ${host}`)
    return original(host, ...rest)
  }
}

// What anything in this process connects to, the addon among it, where Linux tells.
function look() {
  if (process.platform !== 'linux') return
  const own = new Set(
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    }),
  )
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
    for (const line of readFileSync(`/proc/self/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      const [, , remote = '', , , , , , , inode] = line.trim().split(/\s+/)
      const isLocal = /^(0+|.*0100007F|0{24}01000000):/.test(remote)
      if (own.has(inode) && !isLocal) reached.add(`${table} ${remote}`)
    }
  }
}

function isLoopback(host) {
  return /^(localhost|127\.[\d.]+|::1|\/.*|\\\\.*)$/.test(String(host))
}

const looking = setInterval(look, 2)
if (outside) {
  // To see the test fail.
  fetch(outside).catch(() => {})
  await delay(50)
}
const om = new OpenMemory({ path: join(directory, 'store'), embedder: 'test', userId: 'ada' })
const { id } = await om.addMemory({ content: 'Ada lives in Lisbon' })
await om.updateMemory(id, { content: 'Ada lives in Porto' })
await om.searchMemories('Where does Ada live?')
await om.context('Ada')
await om.getHistory(id)
const refused = await om.learn('I moved to Faro').then(
  () => 'learnt',
  ({ code }) => code,
)
await om.exportTo(join(directory, 'export.jsonl'))
await om.importFrom(join(directory, 'export.jsonl'))
await om.backup(join(directory, 'backup'))
const server = await om.serve({ port: 0 })
const url = `http://127.0.0.1:${server.port}`
const remote = new OpenMemory({ url, userId: 'ada' })
await remote.searchMemories('Porto')
const body = JSON.stringify({ messages: [{ role: 'user', content: 'I like tea' }], user_id: 'ada' })
const added = await fetch(`${url}/v3/memories/add/`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
})
await remote.close()
await server.close()
await om.close()
look()
clearInterval(looking)
process.send({ reached: [...reached], refused, added: added.status })
process.disconnect()

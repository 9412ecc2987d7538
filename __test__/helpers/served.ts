// A store behind a server in this process, accessed over a real socket.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type EmbeddedOptions, OpenMemory } from '@openmemory/sdk'

/** An object in remote mode that is created synchronously, like an embedded one, and closes its server too. */
export function serveAndReach(options: EmbeddedOptions): OpenMemory {
  const {
    path,
    embedder,
    durability,
    allowNonEmpty,
    lockWaitMs,
    indexMemory,
    languageModel,
    url: _,
    ...reaching
  } = options
  const store = new OpenMemory({ path, embedder, durability, allowNonEmpty, lockWaitMs, indexMemory, languageModel })
  const server = store.serve({ port: 0 })
  server.catch(() => {})
  // The server's port is not known yet when the object is created, so this proxy waits for it.
  const sockets = new Set<Socket>()
  const gate = createServer(async (socket) => {
    sockets.add(socket)
    const { port } = await server
    const upstream = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  }).listen(0)

  class Reaching extends OpenMemory {
    override async close() {
      await super.close()
      for (const socket of sockets) socket.destroy()
      gate.close()
      await store.close()
    }
  }
  try {
    return new Reaching({ ...reaching, url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}` })
  } catch (error) {
    gate.close()
    throw error
  }
}

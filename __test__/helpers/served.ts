// A store behind a server in this process, accessed over a real socket.

import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type EmbeddedOptions, OpenMemory, type ServeOptions } from '@openmemory/sdk'

/** The database of each directory, so that a store that is opened again has its memories. */
const databases = new Map<string | undefined, string>()

/** The options of a server whose memories are in a database, where the tests run against one. */
function inDatabase(path: string | undefined): ServeOptions {
  const { openMemoryTestStore } = globalThis as { openMemoryTestStore?: string }
  return openMemoryTestStore === 'postgres' ? { store: databaseOf(path) } : {}
}

/** The URL of the database that has the memories instead of a directory; made when it is first asked for. */
export function databaseOf(path: string | undefined): string {
  const { OPENMEMORY_TEST_POSTGRES: url = '', OPENMEMORY_TEST_CREATEDB: createdb = 'createdb' } = process.env
  let name = databases.get(path)
  if (!name) {
    name = `om_${randomUUID().replaceAll('-', '')}`
    const made = spawnSync(createdb, ['--maintenance-db', url, name], { encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
    databases.set(path, name)
  }
  return url.replace(/[^/]*$/, name)
}

/** Drops the database of a directory that is removed. */
export function dropDatabase(path: string): void {
  const name = databases.get(path)
  const { OPENMEMORY_TEST_POSTGRES: url = '', OPENMEMORY_TEST_CREATEDB: createdb = 'createdb' } = process.env
  if (!name) return
  spawnSync(createdb.replace(/createdb$/, 'dropdb'), ['--force', '--if-exists', '--maintenance-db', url, name])
  databases.delete(path)
}

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
  const server = store.serve({ port: 0, ...inDatabase(path) })
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

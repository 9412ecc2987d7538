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

/** Runs SQL in a database, and returns the last value. */
export function execute(store: string, sql: string): string {
  const { OPENMEMORY_TEST_CREATEDB: createdb = 'createdb' } = process.env
  const args = ['-d', store, '-v', 'ON_ERROR_STOP=1', '-qAtc', sql]
  const done = spawnSync(createdb.replace(/createdb$/, 'psql'), args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout.trim().split('\n').at(-1) ?? ''
}

/** The URL of a database for a role that owns none of its tables, with the rights that the guide names. */
export function confinedRole(store: string): string {
  const role = 'openmemory_app'
  execute(store, `DO $$ BEGIN CREATE ROLE ${role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
  execute(store, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`)
  execute(store, `GRANT USAGE ON SEQUENCE om_number TO ${role}`)
  return store.replace(/\/\/[^@]*@/, `//${role}@`)
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
  const where = inDatabase(path)
  // Several servers on one database, each of which gets some of the connections.
  const count = where.store === undefined ? 1 : Number(process.env.OPENMEMORY_TEST_SERVERS ?? 1)
  const servers = Array.from({ length: count }, () => store.serve({ port: 0, ...where }))
  for (const server of servers) server.catch(() => {})
  let accepted = 0
  // The server's port is not known yet when the object is created, so this proxy waits for it.
  const sockets = new Set<Socket>()
  const gate = createServer(async (socket) => {
    sockets.add(socket)
    const { port } = await (servers[accepted++ % count] as (typeof servers)[number])
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

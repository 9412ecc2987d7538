// Which commands open a directory to others? The server, and the keys that it asks for.

import { join, resolve } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { converse } from '../mcp/rpc'
import { Session } from '../mcp/session'
import { addon } from '../native/addon'
import { parse } from '../native/answer'
import { directoryOf } from '../native/directory'
import { KEY_FILE } from '../native/server'
import { resolveLink } from '../pipes'
import { type Command, given, numeric, text, UsageError, type Values } from './command'
import { styled } from './print'

const { version } = require('../../package.json') as { version: string }

const string = { type: 'string' } as const

interface Key {
  id: string
  name: string
  tenant: string
  role: string
  created_at: string
  revoked_at?: string
  key?: string
}

export const SERVING_COMMANDS: Command[] = [
  {
    name: 'serve',
    creates: true,
    usage: '',
    summary: 'Open the directory to other processes and languages, over HTTP',
    flags: {
      port: string,
      host: string,
      'key-file': string,
      'backup-dir': string,
      'rate-limit': string,
      quiet: { type: 'boolean' },
    },
    help: {
      port: '0 for any that is free (8080)',
      host: 'the address to listen on (127.0.0.1); others need keys',
      'key-file': 'the keys made by openmemory keys (DIR/keys.json)',
      'backup-dir': 'where backups go that are asked for over HTTP (none: they are refused)',
      'rate-limit': 'requests per key and seconds, such as 100/60',
      quiet: 'write no log',
    },
    example: 'OPENMEMORY_API_KEYS=ada=KEY,bob=KEY openmemory serve --host 0.0.0.0',
    async run(call) {
      const { values } = call
      const [requests, seconds] = (text(values, 'rate-limit') ?? '').split('/').map(Number)
      if (values['rate-limit'] !== undefined && !(requests && seconds)) {
        throw new UsageError('--rate-limit must be requests/seconds, such as 100/60')
      }
      const server = await call.open().serve(
        given({
          port: numeric(values, 'port'),
          host: text(values, 'host'),
          keyFile: text(values, 'key-file'),
          backupDir: text(values, 'backup-dir'),
          rateLimit: requests && seconds ? { requests, seconds } : undefined,
          log: !values.quiet,
        }),
      )
      const path = directoryOf(text(values, 'path'))
      if (values.json) process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port, path })}\n`)
      call.say(`Serving ${path} on ${styled('bold', server.url)}; API docs at ${server.url}/docs`)
      await stopped()
      await server.close()
      return undefined
    },
  },
  {
    name: 'mcp',
    creates: true,
    scoped: true,
    usage: '',
    summary: 'Give a model the memories as tools, over standard input and output; --user pins it to one user',
    example: `openmemory mcp --path ~/memories --user ada`,
    async run(call) {
      if (call.values.json) throw new UsageError('mcp speaks JSON-RPC on standard output; --json means nothing to it')
      const om = call.open()
      const where = call.server === undefined ? `in ${directoryOf(text(call.values, 'path'))}` : `on ${call.server}`
      const userId = text(call.values, 'user')
      const session = new Session(om, { version, where, userId })
      // Hosts keep standard error as the server's log.
      process.stderr.write(`openmemory: memories of ${userId ?? 'all users'} ${where}\n`)
      const end = new AbortController()
      stopped().then(() => end.abort())
      await converse(addAbortSignal(end.signal, process.stdin), process.stdout, (method, params) =>
        session.answer(method, params),
      ).catch((error) => {
        if (!end.signal.aborted) throw error
      })
      return undefined
    },
  },
  {
    name: 'keys',
    usage: 'create | list | revoke ID',
    summary: 'Make and revoke the keys of a server',
    flags: { tenant: string, name: string, metrics: { type: 'boolean' }, 'key-file': string },
    help: {
      tenant: 'whose memories the key opens (default: those of the directory itself)',
      name: 'to tell keys apart',
      metrics: 'a key for /metrics and nothing else',
      'key-file': 'where keys are kept as hashes (DIR/keys.json)',
    },
    example: 'openmemory keys create --tenant acme --name laptop',
    async run({ words: [what, id, ...more], values }) {
      const keys = new (addon().Keys)(resolveLink(keyFile(values)))
      if (more.length > 0) throw new UsageError('too many words')
      for (const name of ['tenant', 'name', 'metrics']) {
        if (what !== 'create' && values[name] !== undefined) throw new UsageError(`--${name} goes with create only`)
      }
      if (what === 'list' && id === undefined) return parse<Key[]>(keys.list())
      if (what === 'revoke' && id !== undefined) return parse<Key>(keys.revoke(id))
      if (what !== 'create' || id !== undefined) throw new UsageError('say create, list or revoke ID')
      const [tenant, name] = [text(values, 'tenant') ?? 'default', text(values, 'name') ?? 'unnamed']
      return parse<Key>(keys.create(tenant, name, values.metrics === true))
    },
    print(result: Key | Key[], call) {
      if (Array.isArray(result)) {
        if (result.length === 0) call.say('No keys.')
        for (const { id, tenant, role, name, revoked_at } of result) {
          call.say(
            `${id}  ${role === 'metrics' ? '(metrics)' : tenant}  ${name}${revoked_at ? `  revoked ${revoked_at}` : ''}`,
          )
        }
      } else if (result.key) {
        call.say(`${styled('bold', result.key)}\nThis is ${result.id}. It is shown now and never again.`)
      } else {
        call.say(`${result.id} is revoked.`)
      }
    },
  },
]

function keyFile(values: Values): string {
  if (values.url !== undefined) throw new UsageError('keys are made where the server runs: use --path')
  return resolve(text(values, 'key-file') ?? join(directoryOf(text(values, 'path')), KEY_FILE))
}

/** Until the process is asked to end. Asked again, it ends at once, as if nobody listened. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

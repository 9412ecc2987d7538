// openmemory serve: makes a directory available over HTTP.

import { directoryOf } from '../../native/directory'
import { type Command, given, numeric, text, UsageError } from '../command'
import { BOOLEAN, STRING } from '../flags'
import { styled } from '../print'
import { untilStopped } from '../signals'

export const serve: Command = {
  name: 'serve',
  creates: true,
  usage: '',
  summary: 'Make the directory available to other processes and languages over HTTP',
  flags: {
    port: STRING,
    host: STRING,
    'key-file': STRING,
    'backup-dir': STRING,
    store: STRING,
    'pool-size': STRING,
    'approximate-above': STRING,
    'rate-limit': STRING,
    'tokens-per-hour': STRING,
    'webhook-hosts': STRING,
    'index-memory': STRING,
    'no-ui': BOOLEAN,
    quiet: BOOLEAN,
    debug: BOOLEAN,
    'stop-with-stdin': BOOLEAN,
  },
  help: {
    port: 'the port; 0 picks a free one (8080)',
    host: 'the address to listen on (127.0.0.1); an address that other machines can reach requires keys',
    'key-file': 'the keys created by openmemory keys (DIR/keys.json)',
    'backup-dir': 'the directory for backups requested over HTTP (none: they are rejected)',
    store: 'the URL of a PostgreSQL database that has the memories, instead of the directory (OPENMEMORY_STORE)',
    'pool-size': 'connections to that database at most (16)',
    'approximate-above': 'memories of that database above which a search compares candidates only (never)',
    'rate-limit': 'requests per key and seconds, such as 100/60',
    'tokens-per-hour': 'tokens of the language model per tenant and hour (no limit)',
    'webhook-hosts':
      'where webhooks may be sent besides this machine, such as hooks.example.com or *, separated by commas',
    'index-memory': 'MiB for memories loaded for search (a quarter of the memory)',
    'no-ui': 'serve the API only, without the studio at /',
    quiet: 'write no log',
    debug: 'also log what the stores do: opening, repairs, checkpoints, compactions',
    'stop-with-stdin': 'also stop when standard input ends, as a parent process can ask for on Windows too',
  },
  example: 'OPENMEMORY_API_KEYS=ada=KEY,bob=KEY openmemory serve --host 0.0.0.0',
  async run(call) {
    const { values } = call
    const [requests, seconds] = (text(values, 'rate-limit') ?? '').split('/').map(Number)
    if (values['rate-limit'] !== undefined && !(requests && seconds)) {
      throw new UsageError('--rate-limit must be requests/seconds, such as 100/60')
    }
    const log = values.debug ? ('debug' as const) : true
    const server = await call.open().serve(
      given({
        port: numeric(values, 'port'),
        host: text(values, 'host'),
        keyFile: text(values, 'key-file'),
        backupDir: text(values, 'backup-dir'),
        webhookHosts: text(values, 'webhook-hosts')?.split(','),
        store: text(values, 'store'),
        poolSize: numeric(values, 'pool-size'),
        approximateAbove: numeric(values, 'approximate-above'),
        rateLimit: requests && seconds ? { requests, seconds } : undefined,
        tokensPerHour: numeric(values, 'tokens-per-hour'),
        log: values.quiet ? false : log,
        ui: !values['no-ui'],
      }),
    )
    // Before the line that tells a parent process that it can send a signal.
    const stopped = untilStopped(values['stop-with-stdin'] ? process.stdin : undefined)
    const path = directoryOf(text(values, 'path'))
    if (values.json) process.stdout.write(`${JSON.stringify({ url: server.url, port: server.port, path })}\n`)
    const studio = values['no-ui'] ? '' : 'studio at /, '
    call.say(`Serving ${path} on ${styled('bold', server.url)}; ${studio}API docs at ${server.url}/docs`)
    await stopped
    await server.close()
    return undefined
  },
}

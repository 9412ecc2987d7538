// How is a directory served to other processes? By the addon, with the engine that this process uses too.

import { join, resolve } from 'node:path'
import type * as contract from '../../index'
import { invalid } from '../errors'
import { checkOptions, describe } from '../validate/arguments'
import { assertLossless } from '../validate/json'
import { addon, type NativeEngine, type NativeServer } from './addon'
import { read } from './answer'
import type { LockWait } from './lock-wait'

const NETWORK_OPTIONS = ['port', 'host', 'rateLimit', 'timeoutMs', 'log'] as const
const OPTIONS = [...NETWORK_OPTIONS, 'apiKeys', 'metricsKey', 'keyFile', 'backupDir'] as const

/** The default name of the key file, in the store's directory. */
export const KEY_FILE = 'keys.json'

export class Server implements contract.Server {
  readonly #native: NativeServer
  readonly #ended: Promise<unknown>

  private constructor(
    server: NativeServer,
    readonly url: string,
    readonly port: number,
  ) {
    this.#native = server
    this.#ended = server.ended()
  }

  static async start(
    engine: NativeEngine,
    { directory, lock }: { directory: string; lock: LockWait },
    given?: contract.ServeOptions,
  ): Promise<Server> {
    const server = new (addon().Server)(engine, JSON.stringify(settings(directory, given)))
    const { host, port } = await read<{ host: string; port: number }>(lock.pass(() => server.start()))
    return new Server(server, `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port)
  }

  async close(): Promise<void> {
    await read(this.#native.close())
    await this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function settings(directory: string, given?: contract.ServeOptions): object {
  const options = checkOptions(given, OPTIONS)
  const { port = 8080, host = '127.0.0.1', rateLimit, timeoutMs, log = false } = options
  const { apiKeys = split(process.env.OPENMEMORY_API_KEYS), keyFile = join(directory, KEY_FILE) } = options
  const { backupDir } = options
  const metricsKey = options.metricsKey ?? (process.env.OPENMEMORY_METRICS_KEY || undefined)
  count(port, 'port', 0, 65_535)
  count(timeoutMs ?? 1000, 'timeoutMs', 1000, 86_400_000)
  for (const [name, value] of texts({ host, keyFile, metricsKey, backupDir })) {
    if (typeof value !== 'string' || value === '') throw invalid(name, 'must be a non-empty string')
  }
  if (!Array.isArray(apiKeys) || apiKeys.some((key) => typeof key !== 'string')) {
    throw invalid('apiKeys', `must be an array of strings, not ${describe(apiKeys)}`)
  }
  if (typeof log !== 'boolean' && log !== 'debug') throw invalid('log', "must be true, false or 'debug'")
  const limits: Record<string, unknown> = {}
  if (timeoutMs !== undefined) limits.timeoutSeconds = Math.ceil(timeoutMs / 1000)
  if (rateLimit !== undefined) {
    const { requests, seconds } = checkOptions(rateLimit, ['requests', 'seconds'])
    count(requests, 'rateLimit.requests', 1, 2 ** 31)
    count(seconds, 'rateLimit.seconds', 1, 86_400)
    limits.rate = { requests, seconds }
  }
  const backups = backupDir === undefined ? null : resolve(backupDir)
  const all = { host, port, apiKeys, metricsKey: metricsKey ?? null, keyFile, backupDir: backups, limits, log }
  assertLossless(all, '')
  return all
}

/** The fields that are set. */
function texts(fields: Record<string, unknown>): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined)
}

function split(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter(Boolean)
}

function count(value: unknown, field: string, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
  throw invalid(field, `must be an integer from ${least} to ${most}`)
}

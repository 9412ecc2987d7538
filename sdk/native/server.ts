// How is a directory served to other processes? By the addon, with the engine that this process uses too.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type * as contract from '../../index'
import { invalid } from '../errors'
import { checkOptions, describe } from '../validate/arguments'
import { assertLossless } from '../validate/json'
import { rulesOf } from '../webhooks/destination'
import { type Delivery, send } from '../webhooks/send'
import type { NativeEngine, NativeServer } from './addon'
import { read } from './answer'
import { checkApproximateAbove, checkPoolSize } from './database-options'
import { facadeCalls } from './facade-call'
import { announce } from './holder'
import type { LockWait } from './lock-wait'
import { mcpCalls } from './mcp-call'

const { version: VERSION } = require('../../package.json') as { version: string }

const NETWORK_OPTIONS = ['port', 'host', 'rateLimit', 'timeoutMs', 'log', 'ui'] as const
const OPTIONS = [
  ...NETWORK_OPTIONS,
  ...([
    'apiKeys',
    'metricsKey',
    'keyFile',
    'backupDir',
    'webhookHosts',
    'store',
    'poolSize',
    'approximateAbove',
    'tokensPerHour',
  ] as const),
] as const

/** The default name of the key file, in the store's directory. */
export const KEY_FILE = 'keys.json'

/** What `npm run build:studio` makes. */
const STUDIO = join(__dirname, '..', 'studio')

/** Makes a client of a server. */
export type Reach = (options: contract.RemoteOptions) => contract.OpenMemory

interface Served {
  directory: string
  /** The URL of the database that has the memories of this store. */
  database: string | undefined
  lock: LockWait
  learns: boolean
}

export class Server implements contract.Server {
  readonly #native: NativeServer
  readonly #ended: Promise<unknown>

  private constructor(
    server: NativeServer,
    readonly url: string,
    readonly port: number,
    takeBack: (() => void) | undefined,
  ) {
    this.#native = server
    this.#ended = server.ended().finally(takeBack)
  }

  static async start(
    engine: NativeEngine,
    { directory, database, lock, learns }: Served,
    reach: Reach,
    given?: contract.ServeOptions,
  ): Promise<Server> {
    let url = ''
    const reached = (key: string | undefined) => reach({ url: reachable(url), ...(key && { apiKey: key }) })
    const tell = (number: number, message: string) => server.tellHost(number, message)
    const mcp = mcpCalls({ reached, tell, version: VERSION, learns })
    const facade = facadeCalls(reached)
    const native = settings(directory, database, given)
    const rules = rulesOf(hostsOf(given?.webhookHosts), native.host)
    const deliver = async (delivery: string) =>
      JSON.stringify(await send(JSON.parse(delivery) as Delivery, rules, `openmemory/${VERSION}`))
    const server = engine.serve(JSON.stringify(native), mcp, facade, deliver)
    const { host, port } = await read<{ host: string; port: number }>(lock.pass(() => server.start()))
    url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    // Hosts of models that find the directory locked come to this server, unless it wants a key that they do not have.
    const isShared = database === undefined && native.store === null && takesNoKey(native)
    const takeBack = isShared ? announce(directory, { url: reachable(url) }) : undefined
    return new Server(server, url, port, takeBack)
  }

  async close(): Promise<void> {
    await read(this.#native.close())
    await this.#ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** An address to which this machine can connect: a server that listens on all addresses has none of its own. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

function settings(directory: string, database: string | undefined, given?: contract.ServeOptions) {
  const options = checkOptions(given, OPTIONS)
  const { port = 8080, host = '127.0.0.1', rateLimit, timeoutMs, log = false, ui = false } = options
  const { apiKeys = split(process.env.OPENMEMORY_API_KEYS), keyFile = join(directory, KEY_FILE) } = options
  const { backupDir, tokensPerHour } = options
  if (database !== undefined && options.store !== undefined) {
    throw invalid('store', 'is set on this OpenMemory already, which serves its own database; leave it out here')
  }
  const store = database === undefined ? (options.store ?? (process.env.OPENMEMORY_STORE || undefined)) : undefined
  const { poolSize, approximateAbove } = options
  if (poolSize !== undefined) {
    if (store === undefined) throw invalid('poolSize', 'is for a database; name one as store, or leave it out')
    checkPoolSize(poolSize)
  }
  if (approximateAbove !== undefined) {
    if (store === undefined) throw invalid('approximateAbove', 'is for a database; name one as store, or leave it out')
    checkApproximateAbove(approximateAbove)
  }
  const metricsKey = options.metricsKey ?? (process.env.OPENMEMORY_METRICS_KEY || undefined)
  count(port, 'port', 0, 65_535)
  count(timeoutMs ?? 1000, 'timeoutMs', 1000, 86_400_000)
  if (tokensPerHour !== undefined) count(tokensPerHour, 'tokensPerHour', 1, 2 ** 53 - 1)
  for (const [name, value] of set({ host, keyFile, metricsKey, backupDir, store })) {
    if (typeof value !== 'string' || value === '') throw invalid(name, 'must be a non-empty string')
  }
  if (!Array.isArray(apiKeys)) throw invalid('apiKeys', `must be an array of strings, not ${describe(apiKeys)}`)
  for (const [at, key] of apiKeys.entries()) {
    if (typeof key !== 'string') throw invalid(`apiKeys[${at}]`, `must be a string, not ${describe(key)}`)
  }
  if (typeof log !== 'boolean' && log !== 'debug') throw invalid('log', "must be true, false or 'debug'")
  if (typeof ui !== 'boolean') throw invalid('ui', `must be true or false, not ${describe(ui)}`)
  const limits: Record<string, unknown> = {}
  if (timeoutMs !== undefined) limits.timeoutSeconds = Math.ceil(timeoutMs / 1000)
  if (rateLimit !== undefined) {
    const { requests, seconds } = checkOptions(rateLimit, ['requests', 'seconds'])
    count(requests, 'rateLimit.requests', 1, 2 ** 31)
    count(seconds, 'rateLimit.seconds', 1, 86_400)
    limits.rate = { requests, seconds }
  }
  const backups = backupDir === undefined ? null : resolve(backupDir)
  const network = { host, port, limits, log, ui: ui ? STUDIO : null }
  const tokens = tokensPerHour === undefined ? {} : { tokensPerHour }
  const all = {
    ...network,
    ...tokens,
    apiKeys,
    metricsKey: metricsKey ?? null,
    keyFile,
    backupDir: backups,
    store: store ?? null,
    ...(poolSize !== undefined && { poolSize }),
    ...(approximateAbove !== undefined && { approximateAbove }),
  }
  assertLossless(all, '')
  return all
}

function takesNoKey({ apiKeys, keyFile }: { apiKeys: string[]; keyFile: string }): boolean {
  return apiKeys.length === 0 && !existsSync(keyFile)
}

function hostsOf(hosts: unknown = []): readonly string[] {
  if (Array.isArray(hosts)) return hosts
  throw invalid('webhookHosts', `must be an array of hosts, not ${describe(hosts)}`)
}

/** The fields that are set. */
function set(fields: Record<string, unknown>): [string, unknown][] {
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

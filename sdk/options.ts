// Which store does an `OpenMemory` open, and how? Environment variables fill what the options leave out.

import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { FunctionEmbedder, ModelEmbedder, OpenMemoryOptions } from '../index'
import { checkOptions, describe } from './arguments'
import { embedWith } from './embedder'
import { invalid } from './errors'
import { ungated } from './gate'
import { assertLossless } from './json'
import { LockWait, lockWaitOf, WaitingWatcher } from './lock-wait'
import type { MakeControl } from './long-call'
import { type NativeEmbed, type NativeEngine, type NativeWatcher, native } from './native'
import { RemoteControl } from './remote/control'
import { RemoteEngine } from './remote/engine'
import { Exchange } from './remote/exchange'
import { RemoteWatcher } from './remote/watcher'

export interface Settings {
  /** Opens the store, or the way to a server; called once, on first use. */
  open(): NativeEngine
  control: MakeControl
  /** Begins to watch; `wake` is called when it is time to take changes. */
  watcher(engine: NativeEngine, request: string, wake: () => void): NativeWatcher
  /** The directory; none in remote mode. */
  directory: string | undefined
  /** How long calls wait where another process has the directory open. */
  lock: LockWait
  userId: string | undefined
  timeoutMs: number | undefined
}

const OPTIONS = [
  ...([
    'path',
    'url',
    'apiKey',
    'userId',
    'durability',
    'allowNonEmpty',
    'lockWaitMs',
    'timeoutMs',
    'embedder',
  ] as const),
] as const
const MODEL_OPTIONS = ['model', 'tokenizer', 'pooling', 'queryPrefix', 'passagePrefix'] as const
const FUNCTION_OPTIONS = ['id', 'dimensions', 'embed'] as const

const LONGEST_TIMEOUT = 2 ** 31 - 1

export function settingsOf(given: OpenMemoryOptions | undefined): Settings {
  const options = checkOptions(given, OPTIONS)
  const { timeoutMs } = options
  if (timeoutMs !== undefined && !isCount(timeoutMs, LONGEST_TIMEOUT)) {
    throw invalid('timeoutMs', `must be a whole number of milliseconds from 1 to ${LONGEST_TIMEOUT}`)
  }
  // A user who got lost on the way never means everybody.
  if (Object.hasOwn(options, 'userId') && options.userId === undefined) {
    throw invalid('userId', "is undefined; leave it out to mean everybody's memories")
  }
  const apiKey = text(options.apiKey, 'apiKey')
  const url = text(options.url, 'url') ?? (options.path === undefined ? environment('OPENMEMORY_URL') : undefined)
  return {
    ...(url === undefined
      ? embedded(options, timeoutMs)
      : remote(url, apiKey ?? environment('OPENMEMORY_API_KEY'), options)),
    userId: text(options.userId, 'userId'),
    timeoutMs,
  }
}

type Store = Pick<Settings, 'open' | 'control' | 'watcher' | 'directory' | 'lock'>

function embedded(options: OpenMemoryOptions, timeoutMs: number | undefined): Store {
  const { durability = 'flush', allowNonEmpty = false } = options
  if (!['flush', 'interval'].includes(durability)) throw invalid('durability', "must be 'flush' or 'interval'")
  if (typeof allowNonEmpty !== 'boolean') throw invalid('allowNonEmpty', 'must be true or false')
  // Resolved now, so that a later chdir does not move the store.
  const path = directoryOf(text(options.path, 'path'))
  const { embedder, embed } = embedderOf(options.embedder, timeoutMs)
  const engine = JSON.stringify({ path, durability, allowNonEmpty, embedder })
  const lock = lockWaitOf(options.lockWaitMs, timeoutMs)
  return {
    open: () => new (native().Engine)(engine, embed),
    control: (report) => new (native().Control)(report),
    watcher: (engine, request, wake) =>
      new WaitingWatcher(new (native().Watcher)(ungated(engine), request, wake), lock),
    directory: path,
    lock,
  }
}

/** The absolute path of a store, given or not; `~/` is the home directory, also where no shell has put it in. */
export function directoryOf(given: string | undefined): string {
  const path = given ?? environment('OPENMEMORY_PATH') ?? '.openmemory'
  if (path === ':memory:' || /^(file|sqlite|postgres(ql)?):/.test(path)) {
    throw invalid('path', `must be a directory, not ${path}; for a test, make one in the directory of temporary files`)
  }
  if (path.includes('\0')) throw invalid('path', 'must not hold a NUL')
  const absolute = resolve(/^~(\/|$)/.test(path) ? join(homedir(), path.slice(2)) : path)
  if (isFile(absolute)) throw invalid('path', `must be a directory; ${absolute} is a file`)
  return absolute
}

/** What cannot be looked at is told when it is opened. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
  } catch {
    return false
  }
}

function remote(url: string, apiKey: string | undefined, options: OpenMemoryOptions): Store {
  for (const name of ['path', 'durability', 'allowNonEmpty', 'lockWaitMs', 'embedder'] as const) {
    if (options[name] !== undefined) throw invalid(name, 'belongs to the server that url names; leave one of them out')
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) throw invalid('apiKey', 'must be printable ASCII')
  const exchange = new Exchange(url, apiKey, options.timeoutMs)
  return {
    open: () => new RemoteEngine(exchange),
    control: (report) => new RemoteControl(report),
    watcher: (_, request, wake) => new RemoteWatcher(exchange, request, { wake, timeoutMs: options.timeoutMs }),
    directory: undefined,
    lock: new LockWait(0),
  }
}

function embedderOf(
  given: OpenMemoryOptions['embedder'],
  timeoutMs: number | undefined,
): { embedder: object; embed: NativeEmbed | undefined } {
  if (given === undefined) return { embedder: shippedModel(), embed: undefined }
  if (given === 'test') return { embedder: { kind: 'test' }, embed: undefined }
  if (typeof given !== 'object') throw invalid('embedder', `must be an object or 'test', not ${describe(given)}`)
  if ('embed' in given) return functionEmbedder(given, timeoutMs)
  return { embedder: modelEmbedder(given), embed: undefined }
}

/** In the package, or where that is not on disk (in a single-file executable) in the directory that is named. */
function shippedModel(): object {
  return { kind: 'shipped', folder: resolve(environment('OPENMEMORY_MODEL_DIR') ?? join(__dirname, '..', 'model')) }
}

function modelEmbedder(given: ModelEmbedder): object {
  refuseUnknown(given, MODEL_OPTIONS)
  const { pooling = 'mean' } = given
  if (!['mean', 'cls'].includes(pooling)) throw invalid('embedder.pooling', "must be 'mean' or 'cls'")
  return {
    kind: 'model',
    model: resolve(required(given.model, 'embedder.model')),
    tokenizer: resolve(required(given.tokenizer, 'embedder.tokenizer')),
    pooling,
    queryPrefix: prefix(given.queryPrefix, 'embedder.queryPrefix'),
    passagePrefix: prefix(given.passagePrefix, 'embedder.passagePrefix'),
  }
}

function functionEmbedder(
  given: FunctionEmbedder,
  timeoutMs: number | undefined,
): { embedder: object; embed: NativeEmbed } {
  refuseUnknown(given, FUNCTION_OPTIONS)
  const { dimensions } = given
  if (typeof given.embed !== 'function') throw invalid('embedder.embed', 'must be a function')
  if (!isCount(dimensions, 65_536)) throw invalid('embedder.dimensions', 'must be a whole number from 1 to 65536')
  return {
    embedder: { kind: 'external', id: required(given.id, 'embedder.id'), dimensions },
    embed: embedWith(given, timeoutMs),
  }
}

function refuseUnknown(embedder: object, known: readonly string[]): void {
  for (const name of Object.keys(embedder)) {
    if (!known.includes(name)) throw invalid(`embedder.${name}`, 'is not an option of this embedder')
  }
}

function required(value: unknown, field: string): string {
  const given = text(value, field)
  if (given === undefined) throw invalid(field, 'is missing')
  return given
}

function text(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw invalid(field, 'must be a string that is not empty')
  assertLossless(value, field)
  return value
}

function prefix(value: unknown, field: string): string {
  return value === undefined || value === '' ? '' : required(value, field)
}

function environment(name: string): string | undefined {
  return process.env[name] || undefined
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most
}

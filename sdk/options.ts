// Which store does an `OpenMemory` open, and how? Environment variables fill what the options leave out.

import { join, resolve } from 'node:path'
import type { FunctionEmbedder, ModelEmbedder, OpenMemoryOptions } from '../index'
import { checkOptions, describe } from './arguments'
import { embedWith } from './embedder'
import { failure, invalid } from './errors'
import { assertLossless } from './json'
import type { NativeEmbed } from './native'

export interface Settings {
  /** The options of the engine, as JSON text. */
  engine: string
  embed: NativeEmbed | undefined
  userId: string | undefined
  timeoutMs: number | undefined
}

const OPTIONS = ['path', 'url', 'apiKey', 'userId', 'durability', 'timeoutMs', 'embedder'] as const
const MODEL_OPTIONS = ['model', 'tokenizer', 'pooling', 'queryPrefix', 'passagePrefix'] as const
const FUNCTION_OPTIONS = ['id', 'dimensions', 'embed'] as const

const LONGEST_TIMEOUT = 2 ** 31 - 1

export function settingsOf(given: OpenMemoryOptions | undefined): Settings {
  const options = checkOptions(given, OPTIONS)
  const { durability = 'flush', timeoutMs } = options
  refuseUrl(options)
  text(options.apiKey, 'apiKey')
  const path = text(options.path, 'path') ?? environment('OPENMEMORY_PATH') ?? '.openmemory'
  if (!['flush', 'interval'].includes(durability)) throw invalid('durability', "must be 'flush' or 'interval'")
  if (timeoutMs !== undefined && !isCount(timeoutMs, LONGEST_TIMEOUT)) {
    throw invalid('timeoutMs', `must be a whole number of milliseconds from 1 to ${LONGEST_TIMEOUT}`)
  }
  const { embedder, embed } = embedderOf(options.embedder, timeoutMs)
  return {
    // Resolved now, so that a later chdir does not move the store.
    engine: JSON.stringify({ path: resolve(path), durability, embedder }),
    embed,
    userId: text(options.userId, 'userId'),
    timeoutMs,
  }
}

function refuseUrl(options: OpenMemoryOptions): void {
  const url = text(options.url, 'url') ?? (options.path === undefined ? environment('OPENMEMORY_URL') : undefined)
  if (url === undefined) return
  const from = options.url === undefined ? 'the environment variable OPENMEMORY_URL' : 'url'
  throw failure('UNAVAILABLE', `${from} names a server; this version works in a directory only: use path`, {
    retryable: false,
    details: { field: 'url' },
  })
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

function shippedModel(): object {
  return { kind: 'shipped', folder: join(__dirname, '..', 'model') }
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

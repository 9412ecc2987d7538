// Which embedder do the options mean? The addon runs the model files; only a function runs in JavaScript.

import { join, resolve } from 'node:path'
import type { EmbeddedOptions, FunctionEmbedder, ModelEmbedder } from '../../index'
import { invalid } from '../errors'
import { describe } from '../validate/arguments'
import { environment, isInteger, prefix, required } from '../validate/options'
import type { NativeEmbed } from './addon'
import { embedWith } from './embed-function'
import { MULTILINGUAL_PACKAGE, multilingualFolder } from './multilingual'

const MODEL_OPTIONS = ['model', 'tokenizer', 'pooling', 'queryPrefix', 'passagePrefix'] as const
const FUNCTION_OPTIONS = ['id', 'dimensions', 'embed', 'embedQuery'] as const

interface Embedder {
  /** As the addon's engine reads it. */
  embedder: object
  embed?: NativeEmbed
}

export function embedderOf(given: EmbeddedOptions['embedder'], timeoutMs: number | undefined): Embedder {
  if (given === undefined) return { embedder: shippedModel() }
  if (given === 'test') return { embedder: { kind: 'test' } }
  if (given === 'multilingual') return { embedder: { kind: 'multilingual', folder: multilingual() } }
  if (typeof given !== 'object') {
    throw invalid('embedder', `must be an object, 'multilingual' or 'test', not ${describe(given)}`)
  }
  return 'embed' in given ? functionEmbedder(given, timeoutMs) : { embedder: modelEmbedder(given) }
}

/**
 * In the package, or in the directory that is named if the package is bundled into one file. Where the multilingual model
 * is installed, new stores get that one.
 */
function shippedModel(): object {
  const folder = environment('OPENMEMORY_MODEL_DIR') ?? join(__dirname, '..', '..', 'model')
  return { kind: 'shipped', folder: resolve(folder), multilingual: multilingualFolder() }
}

function multilingual(): string {
  const folder = multilingualFolder()
  if (folder === undefined) {
    throw invalid('embedder', `needs the package of that model: npm install ${MULTILINGUAL_PACKAGE}`)
  }
  return folder
}

function modelEmbedder(given: ModelEmbedder): object {
  rejectUnknown(given, MODEL_OPTIONS)
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

function functionEmbedder(given: FunctionEmbedder, timeoutMs: number | undefined): Embedder {
  rejectUnknown(given, FUNCTION_OPTIONS)
  const { dimensions } = given
  if (typeof given.embed !== 'function') throw invalid('embedder.embed', 'must be a function')
  if (given.embedQuery !== undefined && typeof given.embedQuery !== 'function') {
    throw invalid('embedder.embedQuery', 'must be a function')
  }
  if (!isInteger(dimensions, 65_536)) throw invalid('embedder.dimensions', 'must be an integer from 1 to 65536')
  return {
    embedder: { kind: 'external', id: required(given.id, 'embedder.id'), dimensions },
    embed: embedWith(given, timeoutMs),
  }
}

function rejectUnknown(embedder: object, known: readonly string[]): void {
  for (const name of Object.keys(embedder)) {
    if (!known.includes(name)) throw invalid(`embedder.${name}`, 'is not an option of this embedder')
  }
}

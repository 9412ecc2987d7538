// Which language model do the options mean? A function, or an endpoint that is asked through the host's fetch.

import type { FunctionLanguageModel, LanguageModelEndpoint } from '../../index'
import { invalid } from '../errors'
import { describe } from '../validate/arguments'
import { isInteger, required, text } from '../validate/options'
import { endpointModel } from './endpoint'
import { functionModel } from './function'
import type { Model } from './model'

const FUNCTION_OPTIONS = ['id', 'contextTokens', 'maxOutputTokens', 'complete'] as const
const ENDPOINT_OPTIONS = [
  ...['url', 'model', 'apiKey', 'headers', 'structured', 'contextTokens', 'maxOutputTokens', 'temperature'],
  ...['body', 'timeoutMs', 'retries', 'concurrency'],
] as const

const MAX_TOKENS = 10_000_000

export function languageModelOf(given: LanguageModelEndpoint | FunctionLanguageModel | undefined): Model | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'object' || given === null) {
    throw invalid('languageModel', `must be an object, not ${describe(given)}`)
  }
  const contextTokens = tokens(given.contextTokens, 'contextTokens', 16_000)
  const maxOutputTokens = tokens(given.maxOutputTokens, 'maxOutputTokens', 2000)
  if ('complete' in given) {
    rejectUnknown(given, FUNCTION_OPTIONS)
    if (typeof given.complete !== 'function') throw invalid('languageModel.complete', 'must be a function')
    return functionModel({ ...given, id: required(given.id, 'languageModel.id'), contextTokens, maxOutputTokens })
  }
  rejectUnknown(given, ENDPOINT_OPTIONS)
  return endpointModel({ ...checked(given), contextTokens, maxOutputTokens })
}

function checked(given: LanguageModelEndpoint): LanguageModelEndpoint {
  const url = required(given.url, 'languageModel.url')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw invalid('languageModel.url', 'must be the base of an API, such as http://localhost:11434/v1')
  }
  const { username, password } = new URL(url)
  if (username || password) throw invalid('languageModel.url', 'must not hold a password; use apiKey or headers')
  required(given.model, 'languageModel.model')
  const key = text(given.apiKey, 'languageModel.apiKey')
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw invalid('languageModel.apiKey', 'must be printable ASCII')
  }
  const { structured = 'auto', temperature = 0, timeoutMs = 60_000, retries = 3, concurrency = 4 } = given
  if (!['auto', 'json_schema', 'json_object', 'text'].includes(structured)) {
    throw invalid('languageModel.structured', "must be 'auto', 'json_schema', 'json_object' or 'text'")
  }
  if (temperature !== null && !(typeof temperature === 'number' && temperature >= 0 && temperature <= 2)) {
    throw invalid('languageModel.temperature', 'must be from 0 to 2, or null to send none')
  }
  if (!isInteger(timeoutMs, 3_600_000)) throw invalid('languageModel.timeoutMs', 'must be milliseconds, up to an hour')
  if (!isInteger(retries + 1, 11)) throw invalid('languageModel.retries', 'must be from 0 to 10')
  if (!isInteger(concurrency, 64)) throw invalid('languageModel.concurrency', 'must be from 1 to 64')
  return { ...given, structured, temperature, timeoutMs, retries, concurrency }
}

function tokens(value: unknown, name: string, otherwise: number): number {
  if (value === undefined) return otherwise
  if (!isInteger(value, MAX_TOKENS)) throw invalid(`languageModel.${name}`, 'must be a whole number of tokens')
  return value as number
}

function rejectUnknown(given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw invalid(`languageModel.${name}`, 'is not an option of a language model')
  }
}

// What is a command? A name, what it takes, and what it does with a store.

import type { ParseArgsConfig } from 'node:util'
import type { OpenMemoryOptions } from '../../index'
import type { OpenMemory } from '../open-memory'

export type Flags = NonNullable<ParseArgsConfig['options']>
export type Values = Record<string, string | boolean | string[] | undefined>

export interface Call {
  /** The arguments after the command that are not options. */
  words: string[]
  values: Values
  /** Opens the store that the options name. */
  open(): OpenMemory
  /** The options of that store. */
  options(): OpenMemoryOptions
  /** The address of the server that the options name; undefined for a directory. */
  server: string | undefined
  /** Prints a line for people; with --json, nothing. */
  say(line: string): void
  /** Shows the progress of a long call, on a terminal. */
  progress: ((done: number, total: number) => void) | undefined
}

export interface Command {
  name: string
  /** The arguments, as help shows them: `ID VERSION`. */
  usage: string
  summary: string
  /** Whether it creates a store if there is none. Other commands fail. */
  creates?: true
  /** Whether `--store` opens a database instead of the directory. Other commands have no such option. */
  stored?: true
  /** Whether `--user` limits it to one user's memories. Other commands have no such option. */
  scoped?: true
  flags?: Flags
  /** A line for each flag, by its name. */
  help?: Record<string, string>
  example?: string
  /** Resolves to what --json prints. */
  run(call: Call): Promise<unknown>
  /** Whether the result counts as a failure: it is printed, and the exit code is 1. */
  failed?(result: never): boolean
  /** Prints the result for people. */
  print?(result: never, call: Call): void
}

/** Wrong usage: reported with the command's help and exit code 2. */
export class UsageError extends Error {}

export function oneWord(call: Call, name: string): string {
  const [word, ...more] = call.words
  if (word === undefined) throw new UsageError(`${name} is missing`)
  if (more.length > 0)
    throw new UsageError(`only one ${name} is accepted; put quotes around words that belong together`)
  return word
}

export function text(values: Values, name: string): string | undefined {
  return values[name] as string | undefined
}

export function numeric(values: Values, name: string): number | undefined {
  const given = text(values, name)
  return given === undefined ? undefined : numberOf(given, `--${name}`)
}

/** @param name the argument's name in the command's usage */
export function numberOf(given: string, name: string): number {
  const number = Number(given)
  if (given.trim() === '' || Number.isNaN(number)) throw new UsageError(`${name} must be a number, not ${given}`)
  return number
}

/** The bytes for memories loaded for search, from a flag in MiB. */
export function indexMemory(values: Values): number | undefined {
  const mebibytes = numeric(values, 'index-memory')
  if (mebibytes === undefined) return undefined
  if (mebibytes >= 0) return Math.round(mebibytes * 1024 * 1024)
  throw new UsageError('--index-memory must be a number of MiB from 0 on')
}

/** The model that embeds; undefined for the one that the store has, or the default of new ones. */
export function embedder(values: Values): 'multilingual' | undefined {
  const name = text(values, 'embedder')
  if (name === undefined || name === 'multilingual') return name
  throw new UsageError(`--embedder must be multilingual, not ${name}`)
}

/** How long a command waits for another process that has the directory open. */
export const DEFAULT_WAIT_SECONDS = 10
const MAX_WAIT_SECONDS = 86_400

export function lockWaitMs(values: Values): number {
  const seconds = numeric(values, 'wait') ?? DEFAULT_WAIT_SECONDS
  if (seconds >= 0 && seconds <= MAX_WAIT_SECONDS) return Math.round(seconds * 1000)
  throw new UsageError(`--wait must be a number of seconds from 0 to ${MAX_WAIT_SECONDS}, not ${seconds}`)
}

/** The value of a flag that takes JSON. */
export function json<T>(values: Values, name: string): T | undefined {
  const given = text(values, name)
  if (given === undefined) return undefined
  try {
    return JSON.parse(given) as T
  } catch {
    throw new UsageError(`--${name} must be JSON, such as '{"status": "done"}'`)
  }
}

/** Only the fields that are set, because an option must not be undefined. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

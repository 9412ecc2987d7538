// What is a command? A name, what it takes, and what it does with a store.

import type { ParseArgsConfig } from 'node:util'
import type { OpenMemory } from '../open-memory'

export type Flags = NonNullable<ParseArgsConfig['options']>
export type Values = Record<string, string | boolean | string[] | undefined>

export interface Call {
  /** The words behind the command. */
  words: string[]
  values: Values
  /** Opens the store that the options name. */
  open(): OpenMemory
  /** The address of the server that they name; none where it is a directory. */
  server: string | undefined
  /** A line for people; with --json there are none. */
  say(line: string): void
  /** What is done of long work, where somebody looks on. */
  progress: ((done: number, total: number) => void) | undefined
}

export interface Command {
  name: string
  /** As help shows it: `ID [--content TEXT]`. */
  usage: string
  summary: string
  /** Whether it makes a store where there is none. Others say that there is none. */
  creates?: true
  /** Whether it has to do with one user's memories where `--user` names one. Others have no such option. */
  scoped?: true
  /** A line for each flag of its own, under the flag's name. */
  flags?: Flags
  help?: Record<string, string>
  example?: string
  /** Gives what --json prints. */
  run(call: Call): Promise<unknown>
  /** Whether the result is a failure all the same: it is printed, and the code is 1. */
  failed?(result: never): boolean
  /** What people see of it. */
  print?(result: never, call: Call): void
}

/** Wrong usage: told with the command's help, and answered with exit code 2. */
export class UsageError extends Error {}

export function oneWord(call: Call, name: string): string {
  const [word, ...more] = call.words
  if (word === undefined) throw new UsageError(`${name} is missing`)
  if (more.length > 0) throw new UsageError(`only one ${name} is taken; put quotes around words that belong together`)
  return word
}

export function text(values: Values, name: string): string | undefined {
  return values[name] as string | undefined
}

export function numeric(values: Values, name: string): number | undefined {
  const given = text(values, name)
  return given === undefined ? undefined : numberOf(given, `--${name}`)
}

/** @param name what the number is called in the command's usage */
export function numberOf(given: string, name: string): number {
  const number = Number(given)
  if (given.trim() === '' || Number.isNaN(number)) throw new UsageError(`${name} must be a number, not ${given}`)
  return number
}

/** Seconds that a command waits where another process has the directory open: most close it soon. */
export const DEFAULT_WAIT = 10
const LONGEST_WAIT = 86_400

export function lockWaitMs(values: Values): number {
  const seconds = numeric(values, 'wait') ?? DEFAULT_WAIT
  if (seconds >= 0 && seconds <= LONGEST_WAIT) return Math.round(seconds * 1000)
  throw new UsageError(`--wait must be a number of seconds from 0 to ${LONGEST_WAIT}, not ${seconds}`)
}

/** The value of a flag that holds JSON. */
export function json<T>(values: Values, name: string): T | undefined {
  const given = text(values, name)
  if (given === undefined) return undefined
  try {
    return JSON.parse(given) as T
  } catch {
    throw new UsageError(`--${name} must be JSON, such as '{"status": "done"}'`)
  }
}

/** Only what is there, so that nothing is sent as undefined. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

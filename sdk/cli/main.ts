// Which command runs, with which options, and what is the exit code? 0, 1 for a failure, 2 for wrong usage.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenMemoryOptions } from '../../index'
import { invalid, OpenMemoryError } from '../errors'
import { directoryOf } from '../native/directory'
import { OpenMemory } from '../open-memory'
import {
  type Call,
  type Command,
  embedder,
  given,
  indexMemory,
  lockWaitMs,
  text,
  UsageError,
  type Values,
} from './command'
import { COMMANDS } from './commands'
import { completion } from './completion'
import { helpOf, overview } from './help'
import { languageModel } from './language-model'
import { parse } from './parse'
import { styled } from './print'
import { progressBar } from './progress'
import { spelled } from './spelling'
import { VERSION } from './version'

export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    const asked = COMMANDS.find((command) => command.name === rest[0])
    if (rest[0] !== undefined && asked === undefined) return noCommand(rest[0])
    process.stdout.write(asked ? helpOf(asked) : overview(COMMANDS))
    return name === undefined ? 2 : 0
  }
  if (['--version', '-v'].includes(name)) {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  if (name === 'completion') {
    process.stdout.write(completion(COMMANDS))
    return 0
  }
  const command = COMMANDS.find((command) => command.name === name)
  return command ? perform(command, rest) : noCommand(name)
}

function noCommand(name: string): number {
  return fail(`${name} is not a command; see openmemory help`, 2)
}

async function perform(command: Command, args: string[]): Promise<number> {
  let asJson = args.includes('--json')
  let om: OpenMemory | undefined
  try {
    const { values, words } = parse(command, args)
    asJson = values.json === true
    if (values.help) {
      process.stdout.write(helpOf(command))
      return 0
    }
    const say = (line: string) => asJson || process.stdout.write(`${line}\n`)
    const server = serverOf(values)
    const open = () => {
      const options = optionsOf(command, values, server)
      if (server === undefined && !command.creates && !databaseOf(command, values)) mustBeStore(values)
      om ??= new OpenMemory(options)
      return om
    }
    const bar = asJson ? undefined : progressBar()
    const options = () => optionsOf(command, values, server)
    const call: Call = { words, values, open, options, server, say, progress: bar?.report }
    const result = await command.run(call)
    bar?.end()
    await om?.close()
    if (result === undefined) return 0
    if (asJson) process.stdout.write(`${JSON.stringify(result)}\n`)
    else command.print?.(result as never, call)
    return failedItems(result) || command.failed?.(result as never) ? 1 : 0
  } catch (error) {
    await om?.close().catch(() => undefined)
    return report(error, asJson, command)
  }
}

function optionsOf(command: Command, values: Values, server: string | undefined): OpenMemoryOptions {
  if (values.path !== undefined && values.url !== undefined) throw new UsageError('--path and --url exclude each other')
  const apiKey = text(values, 'api-key')
  const allowNonEmpty = values['allow-non-empty'] as boolean | undefined
  const common = given({ apiKey, userId: text(values, 'user') })
  const store = databaseOf(command, values)
  if (store !== undefined) {
    for (const name of ['path', 'url', 'api-key', 'wait', 'allow-non-empty']) {
      if (values[name] !== undefined) throw new UsageError(`--${name} has no meaning together with --store`)
    }
    const own = { tenant: text(values, 'tenant'), embedder: embedder(values), indexMemory: indexMemory(values) }
    return { ...given({ userId: text(values, 'user'), ...own, languageModel: languageModel() }), store }
  }
  if (command.stored && values.tenant !== undefined) throw new UsageError('--tenant needs --store')
  if (server === undefined) {
    const own = { path: text(values, 'path'), embedder: embedder(values), indexMemory: indexMemory(values) }
    const embedded = { ...common, ...own, allowNonEmpty }
    const model = languageModel()
    return { ...given({ ...embedded, languageModel: model }), lockWaitMs: lockWaitMs(values) }
  }
  for (const name of ['wait', 'allow-non-empty']) {
    if (values[name] !== undefined) throw new UsageError(`--${name} needs a directory, and ${server} is a server`)
  }
  return { ...common, url: server }
}

function mustBeStore(values: Values): void {
  const path = directoryOf(text(values, 'path'))
  if (!existsSync(join(path, 'manifest')))
    throw invalid(
      'path',
      `must be the directory of a store; there is none in ${path}, and "openmemory add" creates one`,
    )
}

/** The URL of the database that a command opens. */
function databaseOf(command: Command, values: Values): string | undefined {
  return command.stored ? text(values, 'store') : undefined
}

function serverOf(values: Values): string | undefined {
  if (values.url === undefined && values.store !== undefined) return undefined
  return text(values, 'url') ?? (values.path === undefined ? process.env.OPENMEMORY_URL || undefined : undefined)
}

/** Whether an item of a batch failed: the results are printed, and the exit code says that some failed. */
function failedItems(result: unknown): boolean {
  return Array.isArray(result) && result.some((item: { ok?: boolean }) => item?.ok === false)
}

function report(error: unknown, asJson: boolean, command: Command): number {
  const usage = error instanceof UsageError
  const message = error instanceof Error ? error.message : String(error)
  const shown = error instanceof OpenMemoryError ? spelled(error, command) : message
  if (asJson) {
    const { code, status, retryable, details } =
      error instanceof OpenMemoryError
        ? error
        : { code: usage ? 'INVALID_ARGUMENT' : 'UNAVAILABLE', status: undefined, retryable: false, details: {} }
    process.stdout.write(`${JSON.stringify({ error: { code, message, status, retryable, details } })}\n`)
    return usage ? 2 : 1
  }
  return fail(`${shown}${usage ? `\n\n${helpOf(command)}` : ''}`, usage ? 2 : 1)
}

function fail(message: string, code: number): number {
  process.stderr.write(`${styled('red', 'openmemory:', process.stderr)} ${message.trimEnd()}\n`)
  return code
}

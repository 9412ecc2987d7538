// What do the arguments of a command mean? Each is an option of the command, an option's value, or a positional argument.

import { parseArgs } from 'node:util'
import { type Command, type Flags, UsageError, type Values } from './command'

/** Options of every command. */
const COMMON: Flags = {
  path: { type: 'string' },
  url: { type: 'string' },
  'api-key': { type: 'string' },
  wait: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
}

/** All options of a command. */
export function flagsOf({ scoped, stored, creates, flags }: Command): Flags {
  return {
    ...COMMON,
    ...(scoped && { user: { type: 'string' } }),
    ...(stored && { store: { type: 'string' }, tenant: { type: 'string' } }),
    ...(creates && { 'allow-non-empty': { type: 'boolean' } }),
    ...flags,
  }
}

export function parse(command: Command, args: string[]): { values: Values; words: string[] } {
  const flags = flagsOf(command)
  // Not strict: Node's own errors would name single letters of a text that begins with a dash.
  const parsed = parseArgs({ args, options: flags, allowPositionals: true, strict: false, tokens: true })
  const seen = new Set<string>()
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value, inlineValue } = token
    const flag = flags[name]
    if (flag === undefined) throw unknown(command, args[token.index] as string)
    if (flag.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} does not take a value`)
    if (flag.type === 'string') checkValue(rawName, value, inlineValue === true, flags)
    if (seen.has(name) && !flag.multiple) throw new UsageError(`${rawName} is given twice`)
    seen.add(name)
  }
  const words = parsed.positionals
  if (command.usage === '' && words.length > 0 && !parsed.values.help) {
    throw new UsageError(`${command.name} takes only options, not "${words[0]}"; use --path to name a store`)
  }
  return { values: parsed.values as Values, words }
}

function unknown(command: Command, given: string): UsageError {
  const quoted = /^[\w.=-]+$/.test(given) ? given : `'${given}'`
  const text =
    command.usage === '' || /^--\w/.test(given) ? '' : `; put a text that begins with - after --, as in -- ${quoted}`
  return new UsageError(`${quoted} is not an option of ${command.name}${text}`)
}

function checkValue(name: string, value: string | undefined, inline: boolean, flags: Flags): void {
  if (value === undefined) throw new UsageError(`${name} needs a value`)
  // If the next argument is an option, the value was forgotten.
  const [, long, short] = /^--([^=]+)|^-(.)/.exec(value) ?? []
  const isOption = Object.entries(flags).some(([name, flag]) => name === long || (short && flag.short === short))
  if (isOption && !inline)
    throw new UsageError(`${name} needs a value; if the value is ${value}, write ${name}=${value}`)
}

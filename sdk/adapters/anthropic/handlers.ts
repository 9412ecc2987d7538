// What does each command of Claude's memory tool answer? The same words as Anthropic's own tool for local files, because
// the model was trained with them.

import { invalid } from '../../errors'
import type { MemoryStore } from '../store'
import { userOf } from '../user'
import { type File, MemoryFiles } from './files'
import { listing } from './listing'
import { normalized, ROOT } from './paths'

/** Options of {@link memoryToolHandlers}. */
export interface MemoryToolOptions {
  /** Whose files. Each user has a `/memories` directory of their own. Default: files without a user. */
  userId?: string
  /** Whom the history names for changes. Default `claude`. */
  actor?: string
}

/** A command of the tool `memory_20250818`. */
export type MemoryCommand =
  | { command: 'view'; path: string; view_range?: number[] }
  | { command: 'create'; path: string; file_text: string }
  | { command: 'str_replace'; path: string; old_str: string; new_str: string }
  | { command: 'insert'; path: string; insert_line: number; insert_text: string }
  | { command: 'delete'; path: string }
  | { command: 'rename'; old_path: string; new_path: string }

/** The six handlers that `betaMemoryTool` of `@anthropic-ai/sdk` takes. A handler throws what the model should read. */
export type MemoryToolHandlers = {
  [K in MemoryCommand['command']]: (command: Extract<MemoryCommand, { command: K }>) => Promise<string>
}

const MAX_LINES = 999_999
const NUMBER_WIDTH = String(MAX_LINES).length

/**
 * Gives Claude's memory tool a store instead of a directory. Every edit is a version with a history.
 *
 * @param om The store.
 * @param options `userId` and `actor`.
 * @returns The handlers.
 * @throws {ValidationError} `INVALID_ARGUMENT` if `userId` is given and is not a text.
 * @example
 * ```ts
 * const tools = [betaMemoryTool(memoryToolHandlers(om, { userId: 'ada' }))]
 * ```
 */
export function memoryToolHandlers(om: MemoryStore, options: MemoryToolOptions = {}): MemoryToolHandlers {
  const files = new MemoryFiles(om, userOf(options), options.actor ?? 'claude')

  return {
    async view({ path: given, view_range }) {
      const path = normalized(given)
      const found = await files.below(path)
      const file = found.find((file) => file.path === path)
      if (file !== undefined) return view(file, view_range)
      if (found.length === 0 && path !== ROOT) {
        throw new Error(`The path ${given} does not exist. Please provide a valid path.`)
      }
      return listing(path, found)
    },

    async create({ path: given, file_text }) {
      const path = normalized(given)
      if (path === ROOT) throw new Error(`${ROOT} is a directory`)
      await refuseFileAbove(path)
      if (!(await files.create(path, text(file_text, 'file_text')))) throw new Error(`File ${given} already exists`)
      return `File created successfully at: ${given}`
    },

    async str_replace({ path: given, old_str, new_str }) {
      let changed = 0
      const text = await edit(given, (before) => {
        const lines = before.split('\n').flatMap((line, at) => (line.includes(old_str) ? [at + 1] : []))
        const at = before.indexOf(old_str)
        if (old_str === '' || at === -1) {
          throw new Error(`No replacement was performed, old_str \`${old_str}\` did not appear verbatim in ${given}.`)
        }
        if (before.indexOf(old_str, at + 1) !== -1) {
          const where = lines.length > 0 ? lines.join(', ') : `${lineOf(before, at)}`
          throw new Error(
            `No replacement was performed. Multiple occurrences of old_str \`${old_str}\` in lines: ${where}. Please ensure it is unique`,
          )
        }
        changed = lineOf(before, at)
        return before.slice(0, at) + new_str + before.slice(at + old_str.length)
      })
      const lines = text.split('\n')
      const from = Math.max(0, changed - 3)
      return `The memory file has been edited. Here is the snippet showing the change (with line numbers):\n${numbered(
        lines.slice(from, changed + 2),
        from + 1,
      )}`
    },

    async insert({ path: given, insert_line, insert_text }) {
      await edit(given, (before) => {
        const lines = before.split('\n')
        if (!(insert_line >= 0 && insert_line <= lines.length)) {
          throw new Error(
            `Invalid \`insert_line\` parameter: ${insert_line}. It should be within the range of lines of the file: [0, ${lines.length}]`,
          )
        }
        lines.splice(insert_line, 0, insert_text.replace(/\n$/, ''))
        return lines.join('\n')
      })
      return `The file ${given} has been edited.`
    },

    async delete({ path: given }) {
      const path = normalized(given)
      if (path === ROOT) throw new Error(`Cannot delete the ${ROOT} directory itself`)
      if (!(await files.delete(path))) throw new Error(`The path ${given} does not exist`)
      return `Successfully deleted ${given}`
    },

    async rename({ old_path, new_path }) {
      const [from, to] = [normalized(old_path), normalized(new_path)]
      if (from === ROOT) throw new Error(`Cannot rename the ${ROOT} directory itself`)
      if (to.startsWith(`${from}/`)) throw new Error(`Cannot move ${old_path} into itself`)
      if (to === ROOT || (await files.exists(to))) {
        throw new Error(`The destination ${new_path} already exists`)
      }
      await refuseFileAbove(to)
      if (!(await files.move(from, to))) throw new Error(`The path ${old_path} does not exist`)
      return `Successfully renamed ${old_path} to ${new_path}`
    },
  }

  async function edit(given: string, change: (text: string) => string): Promise<string> {
    const path = normalized(given)
    const text = await files.edit(path, change)
    if (text !== undefined) return text
    const isDirectory = path === ROOT || (await files.exists(path))
    throw new Error(
      isDirectory
        ? `The path ${given} is not a file.`
        : `The path ${given} does not exist. Please provide a valid path.`,
    )
  }

  async function refuseFileAbove(path: string): Promise<void> {
    for (let above = parentOf(path); above.length > ROOT.length; above = parentOf(above)) {
      if (await files.at(above)) throw new Error(`${above} is a file, not a directory`)
    }
  }
}

/**
 * Runs one command, for a framework that has one function for all of them, such as `anthropic.tools.memory_20250818` of the
 * AI SDK.
 *
 * @param handlers What {@link memoryToolHandlers} returned.
 * @param command The command, with its arguments.
 * @returns What the model reads.
 * @throws {ValidationError} `INVALID_ARGUMENT` for an unknown command.
 * @throws {Error} If the command is refused; the message is for the model.
 * @example
 * ```ts
 * const memory = anthropic.tools.memory_20250818({ execute: (command) => executeMemoryCommand(handlers, command) })
 * ```
 */
export async function executeMemoryCommand(handlers: MemoryToolHandlers, command: MemoryCommand): Promise<string> {
  const name = command?.command
  if (!Object.hasOwn(handlers, name)) throw invalid('command', `must be one of ${Object.keys(handlers).join(', ')}`)
  return (handlers[name] as (command: MemoryCommand) => Promise<string>)(command)
}

function view({ path, text }: File, range: number[] | undefined): string {
  const lines = text.split('\n')
  if (lines.length > MAX_LINES) {
    throw new Error(
      `File ${path} has too many lines (${lines.length}). Maximum is ${MAX_LINES.toLocaleString('en')} lines.`,
    )
  }
  const [from = 1, to = -1] = range?.length === 2 ? range : []
  const begin = Math.max(1, from) - 1
  const shown = lines.slice(begin, to === -1 ? lines.length : to)
  return `Here's the content of ${path} with line numbers:\n${numbered(shown, begin + 1)}`
}

function numbered(lines: string[], from: number): string {
  return lines.map((line, at) => `${String(from + at).padStart(NUMBER_WIDTH)}\t${line}`).join('\n')
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new Error(`${field} must be a string`)
  return value
}

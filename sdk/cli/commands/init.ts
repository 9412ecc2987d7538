// openmemory init: tells the hosts of a project how to start `openmemory mcp`, after asking.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { invalid } from '../../errors'
import { replaceFile } from '../../replace-file'
import { isPlainObject } from '../../validate/json'
import { type Call, type Command, text, UsageError } from '../command'
import { BOOLEAN } from '../flags'

interface Host {
  title: string
  /** Its file of servers, in the folder of the project. */
  file: string
  /** The field of the file that holds the servers, by name. */
  field: 'mcpServers' | 'servers'
  /** Files and folders of the project that show that the host is used. */
  marks: readonly string[]
}

const HOSTS: Record<string, Host> = {
  'claude-code': {
    title: 'Claude Code',
    file: '.mcp.json',
    field: 'mcpServers',
    marks: ['.mcp.json', '.claude', 'CLAUDE.md'],
  },
  cursor: { title: 'Cursor', file: '.cursor/mcp.json', field: 'mcpServers', marks: ['.cursor'] },
  vscode: { title: 'VS Code', file: '.vscode/mcp.json', field: 'servers', marks: ['.vscode'] },
  'gemini-cli': {
    title: 'Gemini CLI',
    file: '.gemini/settings.json',
    field: 'mcpServers',
    marks: ['.gemini', 'GEMINI.md'],
  },
}
const NAMES = Object.keys(HOSTS).join(', ')

/** A file as it is going to be. */
interface Change {
  host: string
  title: string
  file: string
  text: string
  state: 'written' | 'unchanged'
}

export const init: Command = {
  name: 'init',
  usage: '[HOST…]',
  scoped: true,
  flags: { yes: BOOLEAN },
  help: { yes: 'write without asking' },
  summary: `Give the coding agents of this project the memories as tools: ${NAMES}; default: those in use`,
  example: 'openmemory init claude-code cursor --path ~/memories --user ada',
  async run(call) {
    const entry = { command: 'npx', args: ['-y', '@openmemory/sdk', 'mcp', ...argumentsOf(call)] }
    const changes = chosen(call.words).map((name) => changeOf(name, entry))
    const needed = changes.filter(({ state }) => state === 'written')
    for (const { title, file } of changes) {
      call.say(`${title}: ${file}${needed.some((change) => change.file === file) ? '' : ' is right already'}`)
    }
    if (needed.length > 0 && call.values.yes !== true) {
      if (call.values.json) throw new UsageError('init does not ask with --json; add --yes')
      call.say(`They will start: ${entry.command} ${entry.args.join(' ')}`)
      if (!(await agreed())) {
        call.say('Nothing was written.')
        return { ok: false, hosts: [] }
      }
    }
    for (const { file, text } of needed) write(file, text)
    if (needed.length > 0) call.say(`Written. Start the ${needed.length === 1 ? 'agent' : 'agents'} again.`)
    return { ok: true, hosts: changes.map(({ host, file, state }) => ({ host, file, state })) }
  },
  failed: ({ ok }: { ok: boolean }) => !ok,
  print: () => {},
}

/** Options of `openmemory mcp`. A key is secret, and such files are shared: it stays in the environment. */
function argumentsOf({ values }: Call): string[] {
  if (values['api-key'] !== undefined)
    throw new UsageError('init writes no key; set OPENMEMORY_API_KEY where the agent runs')
  return ['path', 'url', 'user'].flatMap((name) => {
    const value = text(values, name)
    return value === undefined ? [] : [`--${name}`, value]
  })
}

function chosen(words: string[]): string[] {
  const unknown = words.find((word) => !Object.hasOwn(HOSTS, word))
  if (unknown !== undefined) throw new UsageError(`${unknown} is not a host; known are ${NAMES}`)
  const names =
    words.length > 0 ? words : Object.keys(HOSTS).filter((name) => HOSTS[name]?.marks.some((mark) => existsSync(mark)))
  if (names.length === 0) throw new UsageError(`no coding agent is in use in ${resolve()}; name one: ${NAMES}`)
  return [...new Set(names)]
}

function changeOf(host: string, entry: object): Change {
  const { title, file, field } = HOSTS[host] as Host
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '{}'
  const settings = parsed(before, file)
  const servers = settings[field] ?? {}
  if (!isPlainObject(servers)) throw invalid(file, `has no object as ${field}; mend it, then try again`)
  const same = JSON.stringify(servers.openmemory) === JSON.stringify(entry)
  const after = { ...settings, [field]: { ...servers, openmemory: entry } }
  return { host, title, file, text: `${JSON.stringify(after, undefined, 2)}\n`, state: same ? 'unchanged' : 'written' }
}

/** A file that another program wrote is never replaced by one that lacks what it said. */
function parsed(text: string, file: string): Record<string, unknown> {
  let settings: unknown
  try {
    settings = JSON.parse(text.trim() === '' ? '{}' : text)
  } catch {
    throw invalid(
      file,
      'is not JSON (comments are not kept); add the server by hand, as docs/guide/coding-agents.md shows',
    )
  }
  if (!isPlainObject(settings)) throw invalid(file, 'is not a JSON object')
  return settings
}

function agreed(): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  return new Promise((resolve) => {
    lines.on('close', () => resolve(false))
    lines.question('Write these files? [y/N] ', (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()))
      lines.close()
    })
  })
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  const unfinished = join(dirname(file), `.openmemory-init-${process.pid}`)
  writeFileSync(unfinished, content)
  replaceFile(unfinished, file)
}

// How does a user learn the commands? One line describes each, and its own help shows its options and an example.

import { type Command, DEFAULT_WAIT_SECONDS } from './command'
import { styled } from './print'

const COMMON_HELP: [string, string][] = [
  ['--path DIR', 'the directory of the store (OPENMEMORY_PATH, or ./.openmemory)'],
  ['--url URL', 'a server instead of a directory (OPENMEMORY_URL)'],
  ['--api-key KEY', 'the key for the server (OPENMEMORY_API_KEY)'],
  [
    '--wait SECONDS',
    `how long to wait for another process that has the store open; 0 does not wait (${DEFAULT_WAIT_SECONDS})`,
  ],
  ['--json', 'print one JSON document and nothing else'],
  ['-h, --help', 'show the help of a command'],
]

const SCOPED_HELP: [string, string] = ['--user ID', 'only the memories of this user (user_id)']
const STORED_HELP: [string, string][] = [
  ['--store URL', 'a PostgreSQL database instead of a directory'],
  ['--tenant NAME', 'whose memories in the database (default)'],
]
const CREATES_HELP: [string, string] = ['--allow-non-empty', 'allow creating the store in a directory with other files']

export function overview(commands: Command[]): string {
  const lines = commands.map(({ name, usage, summary }): [string, string] => [`${name} ${usage}`.trim(), summary])
  return [
    `${styled('bold', 'openmemory')}: long-term memory for AI agents, in a local directory`,
    '',
    'Usage: openmemory COMMAND [OPTIONS]',
    '',
    table(lines),
    '',
    'Options of every command:',
    table(COMMON_HELP),
    '',
    'To get started:',
    `  openmemory add 'Ada drinks tea'`,
    `  openmemory search 'What does Ada drink?'`,
    '',
    'Exit code: 0, 1 for a failure, 2 for wrong usage. "openmemory completion" prints completions for bash and zsh.',
    '',
  ].join('\n')
}

export function helpOf(command: Command): string {
  const { name, usage, summary, flags = {}, help = {}, example } = command
  const own = Object.entries(flags).map(([flag, { type, short }]): [string, string] => [
    `${short ? `-${short}, ` : ''}--${flag}${type === 'string' ? ' …' : ''}`,
    help[flag] ?? '',
  ])
  return [
    `${summary}.`,
    '',
    [`Usage: openmemory ${name}`, usage, own.length > 0 && '[OPTIONS]'].filter(Boolean).join(' '),
    ...(own.length > 0 ? ['', table(own)] : []),
    '',
    table([
      ...(command.scoped ? [SCOPED_HELP] : []),
      ...(command.creates ? [CREATES_HELP] : []),
      ...(command.stored ? STORED_HELP : []),
      ...COMMON_HELP,
    ]),
    ...(example ? ['', `Example: ${example}`] : []),
    '',
  ].join('\n')
}

function table(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

// How is a program of the matrix started? Without what this process's package manager has set, and with a time limit.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const TIME_LIMIT_MS = 600_000

/** Rejects, with what was printed, if the program fails. */
export async function run(program, args, { cwd, env = {} }) {
  const { stdout } = await execute(program, args, {
    ...{ cwd, encoding: 'utf8', timeout: TIME_LIMIT_MS, maxBuffer: 2 ** 26 },
    env: { ...inherited(), NODE_PATH: '', NO_COLOR: '1', CI: '1', ...env },
    // npm is a script of the command interpreter there.
    shell: process.platform === 'win32' && program === 'npm',
  })
  return stdout
}

/** npm passes its configuration on to the scripts that it runs, and other package managers read it too. */
function inherited() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

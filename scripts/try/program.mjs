// How is a program in an emulator run? What it prints goes to a file: node.exe in wine cannot write to a pipe.

import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Its exit code, null after the time limit, and what it printed. */
export function runProgram(work, command, args, { timeout, ...options }) {
  const file = join(work, 'printed.txt')
  const printed = openSync(file, 'w')
  try {
    const { status } = spawnSync(command, args, {
      ...{ stdio: ['ignore', printed, printed], timeout, killSignal: 'SIGKILL' },
      ...options,
    })
    return { status, printed: readFileSync(file, 'utf8') }
  } finally {
    closeSync(printed)
  }
}

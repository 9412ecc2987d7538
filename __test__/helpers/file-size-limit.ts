// A process whose writes the system refuses (EFBIG), where this machine has prlimit (Linux).

import { type ChildProcess, execFileSync } from 'node:child_process'
import { test } from '@jest/globals'

/** Lets the process write no file behind its first bytes, or anything again. Node ignores the signal that comes with it. */
export function refuseWrites({ pid }: ChildProcess, refuse: boolean): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${refuse ? 1 : 'unlimited'}:`], { stdio: 'pipe' })
}

/** `test` where writes can be refused; elsewhere it is skipped, and says so. */
export const testWithRefusedWrites = hasPrlimit() ? test : skipped()

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'pipe' })
    return process.platform === 'linux'
  } catch {
    return false
  }
}

function skipped(): typeof test.skip {
  console.warn('SKIPPED: this machine has no prlimit, so a disk that refuses a write in the middle is not tested here')
  return test.skip
}

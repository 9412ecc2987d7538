// A process whose writes fail with EFBIG, on machines with prlimit (Linux).

import { type ChildProcess, execFileSync } from 'node:child_process'
import { test } from '@jest/globals'

/** Limits the files that the process writes to one byte, or removes the limit. Node ignores the signal. */
export function refuseWrites({ pid }: ChildProcess, refuse: boolean): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${refuse ? 1 : 'unlimited'}:`], { stdio: 'pipe' })
}

/** `test` where writes can be made to fail; skipped with a message elsewhere. */
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

// How does a finished file get its name? At once, and nothing is left of one that does not.

import { renameSync, rmSync } from 'node:fs'
import process from 'node:process'

/** How Windows refuses to replace a file that another program has open at this moment. */
const IN_USE = ['EPERM', 'EACCES', 'EBUSY']
/** Half a second in all. On other systems an open file is replaced like any other. */
const PAUSES_MS = process.platform === 'win32' ? [1, 4, 15, 30, 50, 100, 300] : []

export function replaceFile(unfinished: string, file: string, pausesMs: readonly number[] = PAUSES_MS): void {
  try {
    for (const pause of pausesMs) {
      try {
        renameSync(unfinished, file)
        return
      } catch (error) {
        if (!IN_USE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause)
      }
    }
    renameSync(unfinished, file)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

// A file system of a few megabytes or files, on machines where a test can mount one (Linux, as root).

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from '@jest/globals'

export class SmallDisk {
  readonly #ballast: string

  constructor(readonly path: string) {
    this.#ballast = join(path, 'ballast')
  }

  /** Uses space until `free`. */
  take(megabytes: number): void {
    writeFileSync(this.#ballast, Buffer.alloc(megabytes << 20))
  }

  free(): void {
    rmSync(this.#ballast, { force: true, recursive: true })
  }

  /** Creates files until no more can be created. `free` removes them. */
  takeFiles(): void {
    mkdirSync(this.#ballast)
    for (let n = 0; ; n++) {
      try {
        writeFileSync(join(this.#ballast, `${n}`), '')
      } catch {
        return
      }
    }
  }

  setReadOnly(readOnly: boolean): void {
    execFileSync('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, this.path], { stdio: 'pipe' })
  }
}

const mounted: string[] = []

afterAll(() => {
  // A lazy unmount, because a store that failed to open may hold files for a moment.
  for (const path of mounted.splice(0)) {
    execFileSync('umount', ['-l', path], { stdio: 'pipe' })
    rmdirSync(path)
  }
})

export function mountSmallDisk(megabytes: number, files?: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'openmemory-disk-'))
  const options = `size=${megabytes}m${files === undefined ? '' : `,nr_inodes=${files}`}`
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'pipe' })
  mounted.push(path)
  return new SmallDisk(path)
}

/** `test` where a disk can be mounted; skipped with a message elsewhere. */
export const testWithSmallDisk = canMount() ? test : skipped()

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}

function skipped(): typeof test.skip {
  console.warn('SKIPPED: this machine does not let a test mount a file system, so a full disk is not tested here')
  return test.skip
}

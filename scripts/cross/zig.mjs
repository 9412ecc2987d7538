// Where do a linker and a C compiler for other systems come from? zig, which brings the headers and libraries of each,
// and cargo-zigbuild, which translates between it and cargo. Both are Python packages, of the versions and checksums in
// requirements.txt.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { PLACES } from './places.mjs'
import { run, say } from './run.mjs'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))
const python = process.platform === 'win32' ? 'python' : 'python3'

export const ZIG = join(PLACES.python, 'ziglang', 'zig')
export const CARGO_ZIGBUILD = join(PLACES.python, 'bin', 'cargo-zigbuild')

export function installZig() {
  const installed = join(PLACES.python, 'requirements.txt')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(REQUIREMENTS, 'utf8')) return
  say(`Installing zig and cargo-zigbuild (100 MB) into ${PLACES.python}`)
  const partial = `${PLACES.python}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore']
  run(python, [
    ...pip,
    '--only-binary',
    ':all:',
    '--require-hashes',
    '--requirement',
    REQUIREMENTS,
    '--target',
    partial,
  ])
  copyFileSync(REQUIREMENTS, join(partial, 'requirements.txt'))
  rmSync(PLACES.python, { recursive: true, force: true })
  renameSync(partial, PLACES.python)
}

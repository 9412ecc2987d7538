// Which packages is this compared with, and how are they installed? They have their own lock file, which keeps the main
// install small.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const require = createRequire(import.meta.url)

export const names = ['better-sqlite3', 'sqlite-vec', 'onnxruntime-node']

/** Installs the packages of the lock file, unless they are installed. */
export function install() {
  if (isNewer(`${here}node_modules/.package-lock.json`, `${here}package-lock.json`) && loads('better-sqlite3')) return
  // The package of onnxruntime-node contains its CPU library; its install script would fetch the one for CUDA. `ci`
  // cannot be used: it would reject the lock file, which lacks LanceDB's packages for other platforms.
  npm('Installing what the benchmarks compare with (about 1 GB)', [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--loglevel=error',
  ])
  npm('Fetching or compiling the binary of better-sqlite3 (a minute or two)', ['rebuild', 'better-sqlite3'])
}

export function versionOf(name) {
  return JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, 'utf8')).version
}

function isNewer(made, source) {
  return existsSync(made) && statSync(made).mtimeMs >= statSync(source).mtimeMs
}

/** Whether its binary exists and matches this Node. */
function loads(name) {
  try {
    ;new (require(name))(':memory:').close()
    return true
  } catch {
    return false
  }
}

function npm(step, args) {
  console.error(`> ${step}`)
  const { status, error } = spawnSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: ['inherit', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  console.error(`${step} failed${error ? `: ${error.message}` : ''}`)
  process.exit(status || 1)
}

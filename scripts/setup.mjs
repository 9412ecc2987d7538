// Prepares a fresh clone: installs the packages of package-lock.json, builds the addon, and compiles the facade. Each
// step is skipped if it is up to date. Needs Node, npm and Rust. `--packages` stops after the packages, which is all
// that types and lints of the JavaScript need.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

if (isOlder('node_modules/.package-lock.json', 'package-lock.json')) {
  step('Installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
if (process.argv.includes('--packages')) process.exit()
// Cargo detects changes and shows its progress.
step('Building the addon', bin('napi'), [
  ...['build', '--platform', '--release', '--no-const-enum'],
  ...['--js', 'native.js', '--dts', 'native.d.ts'],
  // Uses the features of the tests' build, so that nothing is compiled twice.
  ...['--', '--workspace'],
])
step('Compiling the facade', bin('tsc'), ['-p', 'tsconfig.json'])
step('Bundling the remote client', process.execPath, [join('scripts', 'bundle-remote.mjs')])
if (studioIsOld()) step('Building the studio', bin('vite'), ['build', '-c', join('studio', 'vite.config.mjs')])

/** Vite has no check of its own, and takes seconds. */
function studioIsOld() {
  const sources = readdirSync(join(root, 'studio'), { recursive: true }).map((file) => join('studio', file))
  return ['package-lock.json', ...sources].some((source) => isOlder(join('dist', 'studio', 'index.html'), source))
}

function isOlder(made, source) {
  const [madeFile, sourceFile] = [join(root, made), join(root, source)]
  return !existsSync(madeFile) || statSync(madeFile).mtimeMs < statSync(sourceFile).mtimeMs
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}

function step(title, command, args) {
  console.error(`> ${title}`)
  const windows = process.platform === 'win32'
  // Stdout belongs to the calling script, as with `npm pack --json`.
  const { status, error } = spawnSync(windows ? `"${command}"` : command, args, {
    cwd: root,
    stdio: ['inherit', 2, 2],
    shell: windows,
  })
  if (status === 0) return
  console.error(`${title} failed${error ? `: ${error.message}` : ''}`)
  if (error?.code === 'ENOENT' && command === 'npm') console.error('npm was not found; it comes with Node.')
  process.exit(status ?? 1)
}

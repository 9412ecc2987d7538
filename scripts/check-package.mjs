// Is the package what users should get? Packs it, compares its list of files with scripts/package-files.txt, and
// checks its types and exports as users' tools resolve them. `--update` writes the list anew.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const listFile = join(root, 'scripts', 'package-files.txt')
const destination = mkdtempSync(join(tmpdir(), 'openmemory-pack-'))

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]),
  )
  compare(files.map(({ path }) => path.replace(/^openmemory\..+\.node$/, 'openmemory.<platform>.node')).sort())
  const tarball = join(destination, filename)
  console.log(run(bin('publint'), ['run', tarball, '--strict']))
  console.log(run(bin('attw'), [tarball, '--no-emoji']))
} catch (error) {
  console.error(error.stdout?.toString() || error.message)
  process.exitCode = 1
} finally {
  rmSync(destination, { recursive: true, force: true })
}

function compare(packed) {
  if (process.argv.includes('--update')) writeFileSync(listFile, `${packed.join('\n')}\n`)
  const listed = readFileSync(listFile, 'utf8').split('\n').filter(Boolean)
  const added = packed.filter((path) => !listed.includes(path))
  const missing = listed.filter((path) => !packed.includes(path))
  if (added.length + missing.length === 0) return
  const lines = [...added.map((path) => `+ ${path}`), ...missing.map((path) => `- ${path}`)]
  throw new Error(`The package's files differ from scripts/package-files.txt:\n${lines.join('\n')}`)
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}

function run(command, args) {
  const shell = process.platform === 'win32'
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', shell, stdio: ['ignore', 'pipe', 'inherit'] })
}

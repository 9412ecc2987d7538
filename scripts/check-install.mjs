// Does a single `npm install` suffice, how long does it take, and how large is the result? Installs the packed tarballs
// in an empty folder outside the repository, with an empty cache and no network, and runs the first example of the
// README there. `npm run check:install [-- --dist] [--packed DIR]`; with --dist the size has a goal, and --packed names
// what `npm run pack:local -- --out DIR` has packed.

import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { pack } from './pack.mjs'
import { GOAL_INSTALLED_MB, MAX_INSTALLED_MB } from './package-contents.mjs'
import { readmeExample } from './readme-example.mjs'

const GOAL_SECONDS = 10

const { dist, packed } = parseArgs({ options: { dist: { type: 'boolean' }, packed: { type: 'string' } } }).values
const folder = mkdtempSync(join(tmpdir(), 'openmemory-install-'))
try {
  const { tarballs } = pack({ out: join(folder, 'tarballs'), dist, packed })
  const project = join(folder, 'project')
  mkdirSync(project)
  const seconds = install(project, tarballs)
  const megabytes = sizeOf(join(project, 'node_modules')) / 1e6
  const packedMegabytes = tarballs.reduce((sum, { size }) => sum + size, 0) / 1e6
  console.log(`installed in ${seconds.toFixed(1)} s (goal: under ${GOAL_SECONDS} s)`)
  console.log(
    `${megabytes.toFixed(1)} MB installed (goal: under ${GOAL_INSTALLED_MB} MB), ${packedMegabytes.toFixed(1)} MB packed`,
  )
  runExample(project)
  console.log('the first example of README prints what README says')
  if (dist && megabytes >= MAX_INSTALLED_MB)
    throw new Error(`${megabytes.toFixed(1)} MB are more than ${MAX_INSTALLED_MB} MB`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function install(project, tarballs) {
  const args = [
    'install',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...tarballs.map(({ file }) => file),
  ]
  const env = { ...process.env, npm_config_cache: join(folder, 'cache') }
  const began = performance.now()
  execFileSync('npm', args, { cwd: project, env, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  return (performance.now() - began) / 1000
}

function runExample(project) {
  const { code, output } = readmeExample()
  writeFileSync(join(project, 'example.mjs'), code)
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: project, encoding: 'utf8' })
  if (printed !== output) throw new Error(`README's example printed\n${printed}instead of\n${output}`)
}

function sizeOf(path) {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

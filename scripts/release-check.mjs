// Could this be published? Runs every step of .github/workflows/release.yml that a machine without GitHub can do, and
// names the others with their reason: `npm run release:check`.
//
// --publishing   as the workflow runs it before it publishes: nothing may be left to do, and what earlier jobs have
//                tried is not tried again
// --list         prints the steps, and runs none

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { binaries, platformPackage, readJson, root, thisPlatform } from './platform.mjs'
import { dryRun } from './publish-dry-run.mjs'
import { changelogDate, otherVersions } from './versions.mjs'

const PLACEHOLDER = 'OWNER/REPOSITORY'

/** Left to do before publishing; in a dry run it is no failure. */
class Open extends Error {}

/** `covers` names the commands of the workflow that a step stands for. */
const STEPS = [
  { name: 'all files name one version', run: checkVersions },
  { name: 'the tag is the version', covers: ['GITHUB_REF_NAME'], run: checkTag },
  { name: 'the changelog has the version, with its date', run: checkChangelog },
  {
    name: 'the lock file of npm fits',
    covers: ['npm ci'],
    run: npm('ci', '--dry-run', '--offline', '--ignore-scripts'),
  },
  { name: 'the packages name their repository', covers: ['repository.mjs'], run: checkRepository },
  { name: 'licences and sources', run: script('check-dependencies.mjs', '--offline') },
  { name: 'licences of everything linked', covers: ['cp LICENSE'], run: script('notices.mjs', '--check') },
  { name: 'exports, libraries, systems, signatures', covers: ['check:symbols'], run: checkBinaries },
  {
    name: 'the files of the multilingual model',
    covers: ['build:multilingual'],
    run: script('build-multilingual.mjs'),
  },
  { name: 'pack', run: packOnce },
  { name: 'files, types, exports, provenance', covers: ['check:package'], run: packed('check-package.mjs') },
  { name: "install, and README's example", covers: ['check-install.mjs'], run: packed('check-install.mjs') },
  { name: 'every way to load it', covers: ['matrix.mjs'], run: tryEverything },
  { name: 'publish, as a dry run', covers: ['publish:packages'], run: publish },
]

const ELSEWHERE = [
  ['build:dist', 'takes minutes for each platform; `npm run build:all` makes all that Linux can'],
  ['setup:cross', 'installs compilers for other systems: see docs/internals/releasing.md'],
  ['upload-artifact, download-artifact', 'passing files between jobs is a part of GitHub'],
  ['the job "try" on macOS, Windows and arm64', 'needs those machines'],
  ['provenance', 'npm signs it with a token that only a workflow of GitHub has'],
  ['NPM_TOKEN', 'the token is a secret of the repository'],
]

const { publishing, list } = parseArgs({
  options: { publishing: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
}).values
const dist = existsSync(platformPackage(thisPlatform()).binary)
const folder = join(mkdtempSync(join(tmpdir(), 'openmemory-release-')), 'packed')
try {
  if (list) for (const { name, covers = [] } of STEPS) console.log([name, ...covers].join(': '))
  else process.exitCode = runAll() ? 0 : 1
  for (const [what, why] of ELSEWHERE) console.log(`not here  ${what}: ${why}`)
} finally {
  rmSync(join(folder, '..'), { recursive: true, force: true })
}

function runAll() {
  const results = STEPS.map(({ name, run }) => {
    console.error(`== ${name}`)
    const started = performance.now()
    const { verdict, about } = attempt(run)
    return { name, verdict, about, seconds: Math.round((performance.now() - started) / 1000) }
  })
  for (const { name, verdict, about, seconds } of results) {
    console.log(`${verdict.padEnd(8)}  ${name}${about ? `: ${about}` : ''} (${seconds} s)`)
  }
  return results.every(({ verdict }) => verdict !== 'FAILED')
}

/** A step returns what there is to say of it, and throws if it fails. */
function attempt(run) {
  try {
    return { verdict: 'passed', about: run() }
  } catch (error) {
    return { verdict: error instanceof Open && !publishing ? 'open' : 'FAILED', about: error.message }
  }
}

function checkVersions() {
  const others = otherVersions()
  if (others.length > 0) throw new Error(others.join('; '))
  return version()
}

function checkTag() {
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env
  if (GITHUB_REF_TYPE !== 'tag') throw new Open(`no tag is being released; it would be v${version()}`)
  if (GITHUB_REF_NAME !== `v${version()}`) throw new Error(`${GITHUB_REF_NAME} instead of v${version()}`)
  return GITHUB_REF_NAME
}

function checkChangelog() {
  const date = changelogDate()
  if (date === undefined) throw new Error(`CHANGELOG.md has no entry for ${version()}`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) throw new Open(`the entry for ${version()} has no date yet: ${date}`)
  return date
}

function checkRepository() {
  const { url } = readJson(join(root, 'package.json')).repository
  if (url.includes(PLACEHOLDER)) throw new Open('the address is a placeholder: "npm run set:repository -- URL"')
  return script('repository.mjs', '--check')()
}

function checkBinaries() {
  const { built, missing } = binaries()
  if (built.length > 0) script('check-symbols.mjs')()
  else script('check-symbols.mjs', '--development')()
  if (missing.length > 0)
    throw new Open(`${built.join(', ') || 'the development build'} checked; missing: ${missing.join(', ')}`)
  return built.join(', ')
}

function packOnce() {
  script('pack.mjs', '--out', folder, ...(dist ? ['--dist'] : []))()
  return dist ? '' : 'with the development build'
}

function tryEverything() {
  if (publishing) return 'done by the job "try"'
  return script('matrix.mjs', '--packed', folder, '--runtimes', 'here')()
}

function publish() {
  const packages = dryRun()
  const sizes = packages.map(({ name, size }) => `${name} ${(size / 1e6).toFixed(1)} MB`)
  const { missing } = binaries()
  if (missing.length > 0) throw new Open(`${sizes.join(', ')}; no binary for ${missing.join(', ')}`)
  return sizes.join(', ')
}

function packed(name) {
  return () => script(name, '--packed', folder, ...(dist && name === 'check-install.mjs' ? ['--dist'] : []))()
}

function script(name, ...args) {
  return () => run(process.execPath, [join(root, 'scripts', name), ...args])
}

function npm(...args) {
  return () => run('npm', args)
}

function run(command, args) {
  const shell = command === 'npm' && process.platform === 'win32'
  const options = { cwd: root, encoding: 'utf8', shell, maxBuffer: 2 ** 28 }
  const { status, stdout, stderr, error } = spawnSync(command, args, options)
  if (status === 0) return ''
  console.error(`${stdout ?? ''}${stderr ?? ''}`)
  throw new Error(error?.message ?? `exit code ${status}`)
}

function version() {
  return readJson(join(root, 'package.json')).version
}

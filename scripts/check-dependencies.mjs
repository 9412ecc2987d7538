// May the dependencies be shipped? Checks licences, sources and banned crates (deny.toml), and known advisories for
// crates and npm packages. Crates are checked by cargo-deny where it is installed; elsewhere licences, sources and banned
// crates are read from Cargo.lock and the crates' manifests, and their advisories are skipped.
// Usage: node scripts/check-dependencies.mjs [--offline]    without advisories, which need the network

import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './platform.mjs'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'
const WRAPPED = /\{ crate = "([^"]+)", wrappers = \[([^\]]*)\] \},?/g
const shell = process.platform === 'win32'

const offline = process.argv.includes('--offline')
if (spawnSync('cargo', ['deny', '--version'], { cwd: root, shell }).status === 0) {
  check('crates: licences, sources, unwanted ones', 'cargo', ['deny', 'check', 'licenses', 'bans', 'sources'])
  if (!offline) check('crates: advisories', 'cargo', ['deny', 'check', 'advisories'])
} else {
  checkCrates()
  if (!offline) report('crates: advisories', ['cargo-deny is not installed'])
}
if (!offline) check('npm packages: advisories', 'npm', ['audit'])

function check(name, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell })
  const problem = error?.message ?? `exit code ${status}`
  report(name, status === 0 ? [] : [problem])
}

function checkCrates() {
  const [allowed, unwanted] = [listed('allow'), listed('deny')]
  const args = ['metadata', '--locked', '--format-version', '1']
  const metadata = execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, shell })
  // Without a source they are our own.
  const { packages, resolve } = JSON.parse(metadata)
  const crates = packages.filter(({ source }) => source !== null)
  const problems = crates.flatMap(({ name, version, license, source }) => [
    ...(permits(license ?? '', allowed) ? [] : [`${name} ${version}: licence ${license}`]),
    ...(source === CRATES_IO ? [] : [`${name} ${version}: from ${source}`]),
    ...(unwanted.includes(name) ? [`${name} ${version}: unwanted`] : []),
  ])
  const named = new Map(packages.map(({ id, name }) => [id, name]))
  for (const { id, deps } of resolve.nodes) {
    for (const { pkg } of deps) {
      const wrappers = wrapped().get(named.get(pkg))
      if (wrappers?.includes(named.get(id)) === false) problems.push(`${named.get(pkg)}: unwanted in ${named.get(id)}`)
    }
  }
  report(`${crates.length} crates: licences, sources, unwanted ones, without cargo-deny`, problems)
}

/** A list of texts in deny.toml, without those that have exceptions. */
function listed(key) {
  const text = readFileSync(join(root, 'deny.toml'), 'utf8').replace(WRAPPED, '')
  const [, list] = new RegExp(`^${key} = \\[([^\\]]*)\\]`, 'm').exec(text)
  return [...list.matchAll(/"([^"]+)"/g)].map(([, text]) => text)
}

/** The crates that only some others may use, each with those. */
function wrapped() {
  const all = readFileSync(join(root, 'deny.toml'), 'utf8').matchAll(WRAPPED)
  return new Map([...all].map(([, name, list]) => [name, [...list.matchAll(/"([^"]+)"/g)].map(([, by]) => by)]))
}

/** Whether an SPDX expression leaves a choice among the allowed ones; old manifests have `/` for OR. */
function permits(expression, allowed) {
  let simple = expression.replaceAll('/', ' OR ')
  // From the innermost brackets outwards; what is permitted becomes a 1.
  while (simple.includes('(')) {
    const outer = simple.replace(/\(([^()]*)\)/g, (_, inner) => (permitsFlat(inner, allowed) ? '1' : '0'))
    if (outer === simple) return false
    simple = outer
  }
  return permitsFlat(simple, allowed)
}

function permitsFlat(expression, allowed) {
  const permitted = (licence) => licence === '1' || allowed.includes(licence)
  return expression.split(' OR ').some((all) => all.split(' AND ').every((licence) => permitted(licence.trim())))
}

function report(name, problems) {
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  console.log(`${problems.length === 0 ? 'passed' : 'FAILED'}: ${name}`)
}

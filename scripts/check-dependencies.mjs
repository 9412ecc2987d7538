// May we ship what we depend on? Licences, sources and unwanted crates (deny.toml), and known advisories of crates and npm
// packages. Needs cargo-deny: cargo install cargo-deny --locked
// Usage: node scripts/check-dependencies.mjs [--offline]    without the advisories, whose lists are on the network

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const offline = process.argv.includes('--offline')

check('crates: licences, sources, unwanted ones', 'cargo', ['deny', 'check', 'licenses', 'bans', 'sources'])
if (!offline) {
  check('crates: advisories', 'cargo', ['deny', 'check', 'advisories'])
  check('npm packages: advisories', 'npm', ['audit'])
}

function check(name, command, args) {
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell })
  if (error) console.error(error.message)
  if (status !== 0) process.exitCode = 1
  console.log(`${status === 0 ? 'passed' : 'FAILED'}: ${name}`)
}

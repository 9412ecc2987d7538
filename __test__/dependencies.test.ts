// May the dependencies be redistributed? Without cargo-deny, scripts/check-dependencies.mjs checks their licences itself.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const ROOT = join(__dirname, '..')
// The stand-in for cargo is a shell script.
const unixTest = process.platform === 'win32' ? test.skip : test

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'

/** Looks at one crate, with a cargo that knows no `deny`. */
function look({ usedBy, ...crate }: { name?: string; license?: string | null; source?: string; usedBy?: string }) {
  const root = freshDirectory()
  for (const path of ['scripts/check-dependencies.mjs', 'scripts/platform.mjs', 'deny.toml']) {
    cpSync(join(ROOT, path), join(root, path))
  }
  const packages = [
    { id: 'looked-at', name: 'some', version: '1.0.0', license: 'MIT', source: CRATES_IO, ...crate },
    { id: 'user', name: usedBy ?? 'user', source: null },
  ]
  const resolve = { nodes: [{ id: 'user', deps: [{ pkg: 'looked-at' }] }] }
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'metadata.json'), JSON.stringify({ packages, resolve }))
  const cargo = join(root, 'bin', 'cargo')
  writeFileSync(cargo, `#!/bin/sh\n[ "$1" = metadata ] && cat '${join(root, 'metadata.json')}'\n`)
  chmodSync(cargo, 0o700)
  const env = { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}` }
  const args = [join(root, 'scripts', 'check-dependencies.mjs'), '--offline']
  return spawnSync(process.execPath, args, { encoding: 'utf8', env }).status
}

unixTest.each([
  ['MIT', 0],
  ['GPL-3.0', 1],
  ['MIT OR GPL-3.0', 0],
  ['GPL-3.0/Apache-2.0', 0],
  ['MIT AND GPL-3.0', 1],
  ['(MIT OR GPL-3.0) AND Unicode-3.0', 0],
  ['(MIT AND (GPL-3.0 OR ISC)) OR GPL-2.0', 0],
  ['(MIT AND GPL-3.0) OR GPL-2.0', 1],
  ['Apache-2.0 WITH LLVM-exception', 0],
  [null, 1],
])('a crate under %s ends with code %i', (license, code) => {
  expect(look({ license })).toBe(code)
})

unixTest('a crate from elsewhere, and one that deny.toml names, are refused', () => {
  expect(look({ source: 'git+https://example.com/some' })).toBe(1)
  expect(look({ name: 'openssl-sys' })).toBe(1)
})

unixTest('a crate that deny.toml lets some others use is refused in the rest', () => {
  expect(look({ name: 'rustls', usedBy: 'openmemory-postgres' })).toBe(0)
  expect(look({ name: 'rustls', usedBy: 'openmemory-learning' })).toBe(1)
})

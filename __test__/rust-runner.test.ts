// `npm run test:rust` must fail when any test of any crate fails, however it runs them.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const ROOT = join(__dirname, '..')
// The stand-ins are shell scripts.
const unixTest = process.platform === 'win32' ? test.skip : test

/** Runs scripts/test-rust.mjs with a cargo whose build makes `tests`, by name the commands of each. */
function run(tests: Record<string, string>, { nextest = 'false', args = [] as string[] } = {}) {
  const root = freshDirectory()
  for (const path of ['scripts/test-rust.mjs', 'scripts/platform.mjs']) cpSync(join(ROOT, path), join(root, path))
  mkdirSync(join(root, 'bin'))
  const script = (name: string, commands: string) => {
    const file = join(root, 'bin', name)
    writeFileSync(file, `#!/bin/sh\n${commands}\n`)
    chmodSync(file, 0o700)
    return file
  }
  const messages = Object.entries(tests).map(([name, commands]) => ({
    ...{ reason: 'compiler-artifact', manifest_path: join(root, 'Cargo.toml'), target: { name, kind: ['test'] } },
    ...{ executable: script(name, commands), profile: { test: true } },
  }))
  const noTest = { reason: 'compiler-artifact', executable: script('trials', 'exit 9'), profile: { test: false } }
  const lines = [...messages, noTest, { reason: 'build-finished' }].map((line) => JSON.stringify(line))
  writeFileSync(join(root, 'messages'), lines.join('\n'))
  script('cargo', `case $1 in nextest) ${nextest};; test) cat '${join(root, 'messages')}';; esac`)
  const env = { ...process.env, PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}` }
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'scripts', 'test-rust.mjs'), ...args], {
    ...{ encoding: 'utf8', env },
  })
  return { status, stdout }
}

unixTest('every test binary is run, and its output is printed', () => {
  const { status, stdout } = run(
    { one: 'echo one said $1', two: 'echo two said', three: 'echo three said' },
    { args: ['x'] },
  )
  expect(status).toBe(0)
  expect(
    stdout
      .split('\n')
      .filter((line) => line.includes('said'))
      .sort(),
  ).toEqual([...['one said x', 'three said', 'two said']])
})

unixTest.each(['exit 101', 'kill -9 $$'])(
  'a binary that ends with "%s" fails the run, and the others still run',
  (end) => {
    const { status, stdout } = run({ one: `echo one said; ${end}`, two: 'echo two said' })
    expect(status).toBe(1)
    expect(stdout).toContain('one said')
    expect(stdout).toContain('two said')
  },
)

unixTest('cargo-nextest runs all of them if it is installed', () => {
  const ran = run({ one: 'echo one said' }, { nextest: 'echo nextest said; [ "$2" = --version ]' })
  expect(ran.stdout).toContain('nextest said')
  expect(ran.stdout).not.toContain('one said')
  expect(ran.status).toBe(1)
})

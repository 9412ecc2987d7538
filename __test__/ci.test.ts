// The summary of `.ci/run` is all that many readers see: how many steps passed or failed, and how long they took.

import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const ROOT = join(__dirname, '..')
// Windows has no bash of its own.
const unixTest = process.platform === 'win32' ? test.skip : test

const RUST = `echo 'test result: ok. 40 passed; 0 failed; 1 ignored'; echo 'test result: ok. 2 passed; 0 failed'`
const JS = `echo 'Tests:       3 skipped, 500 passed, 503 total'`

/** Runs `.ci/run` with tools that only say what the real ones would: `does` has shell commands by npm script. */
function run(does: Record<string, string>) {
  const root = freshDirectory()
  const bin = join(root, 'bin')
  for (const path of ['.ci/run', 'scripts/ci-steps.sh']) cpSync(join(ROOT, path), join(root, path))
  mkdirSync(bin)
  writeFileSync(join(bin, 'cargo'), '#!/bin/sh\n')
  writeFileSync(join(bin, 'node'), '#!/bin/sh\n')
  const cases = Object.entries(does).map(([script, commands]) => `${script}) ${commands};;`)
  writeFileSync(join(bin, 'npm'), `#!/bin/bash\ncase "\${3:-$1}" in\n${cases.join('\n')}\nesac\n`)
  writeFileSync(join(bin, 'chromium'), '#!/bin/sh\n')
  for (const tool of ['cargo', 'node', 'npm', 'chromium']) chmodSync(join(bin, tool), 0o700)
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
  const { status, stdout } = spawnSync('bash', [join(root, '.ci', 'run')], { encoding: 'utf8', env })
  return { status, lines: stdout.trim().split('\n') }
}

unixTest('the last line counts the tests of both runners and one for each step', () => {
  const { status, lines } = run({ test: `${RUST}; ${JS}` })
  expect(lines.at(-1)).toBe('556 passed, 0 failed')
  expect(status).toBe(0)
})

unixTest('a table shows the time of each step, and lints precede the tests', () => {
  const { lines } = run({ test: `${RUST}; ${JS}` })
  const rows = lines.slice(lines.indexOf('== time of each step') + 1, -1).map((line) => line.trim().split(/ {2,}/))
  expect(rows.map(([, , name]) => name).slice(0, 10)).toEqual([
    ...['install the packages', 'Chromium for the tests of the studio', 'lint the JavaScript', 'licences and sources'],
    ...['make the multilingual model', 'lint the Rust', 'build', 'exports and libraries', 'test', 'typecheck'],
  ])
  expect(rows).toHaveLength(15)
  expect(rows[1]?.[0]).toMatch(/^\d+ s$/)
})

unixTest('a failed step is counted, and later steps still run', () => {
  const { status, lines } = run({ test: `${RUST}; ${JS}`, 'lint:js': 'false' })
  expect(lines.at(-1)).toBe('555 passed, 1 failed')
  expect(lines.find((line) => / FAILED /.test(line) && / s /.test(line))).toMatch(/lint the JavaScript/)
  expect(status).not.toBe(0)
})

unixTest('a step beside others is counted and timed like them, and its output is in one piece', () => {
  const { status, lines } = run({
    test: `${RUST}; ${JS}`,
    'lint:rust': 'echo one; echo two >&2; sleep 1; echo three; false',
    'lint:js': 'echo js',
  })
  expect(lines.at(-1)).toBe('555 passed, 1 failed')
  const at = lines.indexOf('== lint the Rust')
  expect(lines.slice(at + 1, at + 4)).toEqual(['one', 'two', 'three'])
  expect(lines[at + 4]).toMatch(/^== lint the Rust: FAILED after [1-9]\d* s$/)
  expect(status).not.toBe(0)
})

unixTest('failed tests are counted with their step', () => {
  const failing = `echo 'Tests:       2 failed, 498 passed, 500 total'; false`
  expect(run({ test: `${RUST}; ${failing}` }).lines.at(-1)).toBe('553 passed, 3 failed')
  const rust = `echo 'test result: FAILED. 39 passed; 1 failed; 1 ignored'; false`
  expect(run({ test: `${JS}; ${rust}` }).lines.at(-1)).toBe('552 passed, 2 failed')
})

unixTest('the summary of cargo-nextest counts as well', () => {
  const summary = (tests: string) => `printf '     Summary [  61.204s] %s\\n' '${tests}'`
  const passed = summary('42 tests run: 42 passed (2 slow), 1 skipped')
  expect(run({ test: `${passed}; ${JS}` }).lines.at(-1)).toBe('556 passed, 0 failed')
  const failed = `${summary('42 tests run: 39 passed, 3 failed, 1 skipped')}; ${JS}; false`
  expect(run({ test: failed }).lines.at(-1)).toBe('552 passed, 4 failed')
})

unixTest('a runner that ran nothing is a failure', () => {
  const { status, lines } = run({ test: JS })
  expect(lines.at(-1)).toMatch(/ passed, 1 failed$/)
  expect(status).not.toBe(0)
})

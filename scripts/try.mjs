// Does a binary work on its platform? `npm run try -- --target TRIPLE` installs what is packed for that platform in an
// empty folder without a network, and runs there, in the platform's own Node, README's example and then the Jest suites:
// musl in a root file system of Alpine, arm64 in qemu, Windows in wine. Prints a table, which says what was left out.
//
// --target   one of `npm run build:dist`, whose binary must be below npm/
// --node     which major version of Node, where there are several (Windows: 18, 20, 22)
// --suites   files of __test__/, without ".test.ts", separated by commas; also those that are left out otherwise

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { recordFile } from './cross/built.mjs'
import { run } from './cross/run.mjs'
import { platformOf } from './cross/targets.mjs'
import { pack } from './pack.mjs'
import { platformPackage, readJson } from './platform.mjs'
import { readmeExample } from './readme-example.mjs'
import { copyOfRepository } from './try/copy.mjs'
import { EMULATORS } from './try/emulators.mjs'
import { chooseSuites, runSuite } from './try/suites.mjs'

const EXAMPLE_LIMIT_MS = 900_000

const { target, node, suites } = parseArgs({
  options: { target: { type: 'string' }, node: { type: 'string' }, suites: { type: 'string' } },
}).values
if (EMULATORS[target] === undefined) {
  console.error(`--target must be one of ${Object.keys(EMULATORS).join(', ')}; macOS cannot be emulated`)
  process.exit(2)
}
const work = mkdtempSync(join(tmpdir(), 'openmemory-try-'))
try {
  process.exitCode = tryTarget() ? 0 : 1
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

function tryTarget() {
  const emulator = EMULATORS[target]
  const platform = platformOf(target)
  const { binary } = platformPackage(platform)
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run "npm run build:dist -- --target ${target}"`)
  const machine = emulator.start({ work, major: node })
  const installed = install(machine, platform)
  const { chosen, left } = chooseSuites(suites?.split(','), emulator)
  const repository = copyOfRepository({ work, binary, resolver: emulator.resolver })
  const results = chosen.map((suite) => runSuite(machine, repository, suite, work))
  report({ machine, size: statSync(binary).size, installed, results, left })
  return installed.error === undefined && results.every(({ ok }) => ok)
}

/** As a user of that platform would, and the first program that they would run. */
function install(machine, platform) {
  const { tarballs } = pack({ out: join(work, 'tarballs'), dist: true, platform })
  const project = join(work, 'project')
  mkdirSync(project)
  const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel=error', `--cache=${join(work, 'cache')}`]
  const began = performance.now()
  // npm compares what is named itself with this machine's C library, whatever --os, --cpu and --libc say.
  run('npm', ['install', '--force', ...quiet, ...tarballs.map(({ file }) => file)], { cwd: project })
  const seconds = (performance.now() - began) / 1000
  const [kilobytes] = execFileSync('du', ['-sk', join(project, 'node_modules')], { encoding: 'utf8' }).split('\t')
  const { code, output } = readmeExample()
  writeFileSync(join(project, 'example.mjs'), code)
  const { status, printed } = machine.node(['example.mjs'], { cwd: project, timeout: EXAMPLE_LIMIT_MS })
  const error = status === 0 && printed.replaceAll('\r\n', '\n') === output ? undefined : printed
  return { seconds, megabytes: (kilobytes * 1024) / 1e6, error }
}

function report({ machine, size, installed, results, left }) {
  const { quick, commit } = existsSync(recordFile(target)) ? readJson(recordFile(target)) : {}
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  const passed = results.filter(({ ok }) => ok).length
  const build = quick === undefined ? 'unknown build' : `${quick ? 'quick' : 'published'} profile`
  console.log(`\n${target}, ${build}, ${(size / 1e6).toFixed(1)} MB, commit ${commit?.slice(0, 9) ?? 'unknown'}`)
  console.log(`in ${machine.name}, ${new Date().toISOString().slice(0, 10)}\n`)
  const line = (...cells) => console.log(`| ${cells.join(' | ')} |`)
  line('what', 'result', 'passed', 'failed', 'skipped', 'seconds')
  line('---', '---', '---', '---', '---', '---')
  line('install', `${installed.megabytes.toFixed(1)} MB`, '', '', '', installed.seconds.toFixed(1))
  line("README's example", installed.error === undefined ? 'yes' : '**no**', '', '', '', '')
  for (const { suite, ok, passed, failed, skipped, seconds } of results) {
    line(suite, ok ? 'yes' : '**no**', passed, failed, skipped, seconds)
  }
  line(`${passed} of ${results.length} suites`, '', sum('passed'), sum('failed'), sum('skipped'), sum('seconds'))
  console.log('\nLeft out:')
  for (const [suite, why] of left) console.log(`- ${suite}: ${why}`)
  if (installed.error !== undefined) console.log(`\nREADME's example printed:\n${installed.error}`)
  for (const { suite, messages } of results) for (const message of messages) console.log(`\n${suite}: ${message}`)
}

// Runs all tests of the crates. `cargo test` runs one binary after another, although some mostly wait for disks and
// processes. With cargo-nextest, all tests run concurrently; without it, one binary per core does. The output of a binary is
// printed when it ends.
// Usage: node scripts/test-rust.mjs [words in the names of tests]

import { execFile, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import { root } from './platform.mjs'

const PROFILE = ['--release', '--workspace', '--target', 'host-tuple']
/** The slowest binaries, which start first. The others take seconds. */
const SLOWEST = ['short', 'engine', 'fairness', 'embedding']

// The I/O recorder, which the trials preload, is a library that no test is linked with.
cargo('build', '--quiet', ...PROFILE, '--lib')
const words = process.argv.slice(2)
if (spawnSync('cargo', ['nextest', '--version'], { cwd: root }).status === 0) {
  const args = ['nextest', 'run', ...PROFILE, ...words]
  process.exitCode = spawnSync('cargo', args, { cwd: root, stdio: 'inherit' }).status ?? 1
} else {
  // Without `--tests` cargo would also search each crate for documentation examples, and there are none.
  const args = ['test', '--no-run', ...PROFILE, '--tests', '--message-format', 'json-render-diagnostics']
  const waiting = binaries(cargo(...args))
  await Promise.all(Array.from({ length: availableParallelism() }, () => runAll(waiting)))
}

/** Runs waiting binaries until none is left. */
async function runAll(waiting) {
  for (let binary = waiting.shift(); binary !== undefined; binary = waiting.shift()) {
    const { printed, failed } = await run(binary)
    console.log(`     Running ${binary.name}\n${printed}`)
    if (failed) process.exitCode = 1
  }
}

/** Runs a binary in the folder of its crate, as cargo does. */
function run({ executable, folder }) {
  return new Promise((resolve) => {
    const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 }
    execFile(executable, words, options, (error, stdout, stderr) => {
      const ended = error && typeof error.code !== 'number' ? `${error.message}\n` : ''
      resolve({ printed: `${stdout}${stderr}${ended}`, failed: error !== null })
    })
  })
}

/** The test binaries in the messages of `--message-format json…`, the slowest first. */
function binaries(messages) {
  const built = messages
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ executable, profile }) => executable && profile?.test)
    .map(({ executable, manifest_path, target }) => ({
      executable,
      folder: dirname(manifest_path),
      test: target.name,
      name: `${target.kind.includes('test') ? 'tests' : 'unit tests'} ${target.name}, ${manifest_path}`,
    }))
  const rank = ({ test }) => (SLOWEST.includes(test) ? SLOWEST.indexOf(test) : SLOWEST.length)
  return built.sort((one, other) => rank(one) - rank(other))
}

function cargo(...args) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['inherit', 'pipe', 'inherit'] }
  const { status, stdout, error } = spawnSync('cargo', args, options)
  if (error) console.error(`cargo could not be started: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

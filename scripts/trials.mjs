// Runs a long trial of docs/internals/testing.md. The whole workspace is built, as for the tests: a crate built by itself has its
// dependencies with other features, and compiles them anew.
// Usage: node scripts/trials.mjs crash|powercut|damage|faults [flags of the trial]

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const trials = build().find(({ target, executable }) => target?.name === 'trials' && executable)
if (!trials) fail('the build made no trials')
process.exitCode = run(trials.executable, process.argv.slice(2), 'inherit').status ?? 1

/** Builds, and gives what cargo tells of each artifact. */
function build() {
  const args = ['build', '--release', '--workspace', '--target', 'host-tuple']
  const told = run('cargo', [...args, '--message-format', 'json-render-diagnostics'], 'pipe')
  if (told.status !== 0) process.exit(told.status ?? 1)
  return told.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

function run(command, args, stdout) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['inherit', stdout, 'inherit'] }
  const ended = spawnSync(command, args, options)
  if (ended.error) fail(`${command} could not be started: ${ended.error.message}`)
  return ended
}

function fail(why) {
  console.error(why)
  process.exit(1)
}

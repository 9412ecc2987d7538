// Runs a long trial of docs/internals/testing.md. Builds the whole workspace as the tests do, because a single crate
// would be built with other features of its dependencies, which would have to be compiled again.
// Usage: node scripts/trials.mjs crash|powercut|damage|faults [flags of the trial]

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const trials = build().find(({ target, executable }) => target?.name === 'trials' && executable)
if (!trials) fail('the build made no trials')
process.exitCode = run(trials.executable, process.argv.slice(2), 'inherit').status ?? 1

/** Builds the workspace and returns cargo's messages about artifacts. */
function build() {
  const args = ['build', '--release', '--workspace', '--target', 'host-tuple']
  const built = run('cargo', [...args, '--message-format', 'json-render-diagnostics'], 'pipe')
  if (built.status !== 0) process.exit(built.status ?? 1)
  return built.stdout
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

// Runs one of the engine's random tests for longer than `npm test` does. Flags are passed as environment variables.
// Usage: node scripts/long-test.mjs fuzz [--inputs N] [--seed N] [--keep]
//        node scripts/long-test.mjs model [--steps N] [--seed N]
//        node scripts/long-test.mjs histories [--histories N] [--seed N]
// `--keep` writes the inputs that led somewhere new into the corpus, which is to be committed.

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const TESTS = { fuzz: { inputs: '1000000' }, model: { steps: '50000' }, histories: { histories: '10000' } }
/** What each is called in the engine's tests. */
const NAMES = { fuzz: 'fuzz::no_input', model: 'model::any_sequence', histories: 'model::histories::any_history' }

const [test, ...rest] = process.argv.slice(2)
const defaults = TESTS[test]
if (!defaults) usage(`there is no test ${test}`)
const settings = { ...defaults, seed: '1' }
for (const [name, given] of Object.entries(flags())) {
  const value = given === true ? '1' : given
  if (!/^[0-9]+$/.test(value)) usage(`--${name} must be a whole number, not ${value}`)
  settings[name] = value
}

const env = { ...process.env }
for (const [name, value] of Object.entries(settings)) env[`OPENMEMORY_${test}_${name}`.toUpperCase()] = value
const build = ['test', '--release', '--workspace', '--target', 'host-tuple', '--test', 'engine']
const args = [...build, NAMES[test], '--', '--nocapture']
const root = fileURLToPath(new URL('..', import.meta.url))
const { status, error } = spawnSync('cargo', args, { cwd: root, env, stdio: 'inherit' })
if (error) console.error(`cargo could not be started: ${error.message}`)
process.exitCode = status ?? 1

function flags() {
  const options = Object.fromEntries(Object.keys(settings).map((name) => [name, { type: 'string' }]))
  if (test === 'fuzz') options.keep = { type: 'boolean' }
  try {
    return parseArgs({ args: rest, options }).values
  } catch (problem) {
    return usage(problem.message)
  }
}

function usage(problem) {
  const keep = (name) => (name === 'fuzz' ? ' [--keep]' : '')
  const all = Object.entries(TESTS).map(([name, own]) => `${name} [--${Object.keys(own)[0]} N] [--seed N]${keep(name)}`)
  console.error(`${problem}\nusage: node scripts/long-test.mjs ${all.join(' | ')}`)
  process.exit(2)
}

// Runs one of the engine's random tests for longer than `npm test` does. Flags are passed as environment variables.
// Usage: node scripts/long-test.mjs fuzz [--inputs N] [--seed N] [--keep]
//        node scripts/long-test.mjs model [--steps N] [--seed N] [--postgres]
//        node scripts/long-test.mjs histories [--histories N] [--seed N]
// `--keep` writes the inputs that led somewhere new into the corpus, which is to be committed. `--postgres` lets two servers of
// one database agree with the model, in place of a directory.

import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const TESTS = { fuzz: { inputs: '1000000' }, model: { steps: '50000' }, histories: { histories: '10000' } }
/** What each is called in the tests. */
const NAMES = { fuzz: 'fuzz::no_input', model: 'model::any_sequence', histories: 'histories::any_history' }
/** Flags without a number. */
const SWITCHES = { fuzz: 'keep', model: 'postgres' }

const [test, ...rest] = process.argv.slice(2)
const defaults = TESTS[test]
if (!defaults) usage(`there is no test ${test}`)
const settings = { ...defaults, seed: '1' }
let target = 'engine'
for (const [name, given] of Object.entries(flags())) {
  if (name === 'postgres') {
    target = 'postgres'
    continue
  }
  const value = given === true ? '1' : given
  if (!/^[0-9]+$/.test(value)) usage(`--${name} must be a whole number, not ${value}`)
  settings[name] = value
}

const env = { ...process.env }
for (const [name, value] of Object.entries(settings)) env[`OPENMEMORY_${test}_${name}`.toUpperCase()] = value
const build = ['test', '--release', '--workspace', '--target', 'host-tuple', '--test', target]
const args = [...build, NAMES[test], '--', '--nocapture']
const root = fileURLToPath(new URL('..', import.meta.url))
const { status, error } = spawnSync('cargo', args, { cwd: root, env, stdio: 'inherit' })
if (error) console.error(`cargo could not be started: ${error.message}`)
process.exitCode = status ?? 1

function flags() {
  const options = Object.fromEntries(Object.keys(settings).map((name) => [name, { type: 'string' }]))
  if (SWITCHES[test]) options[SWITCHES[test]] = { type: 'boolean' }
  try {
    return parseArgs({ args: rest, options }).values
  } catch (problem) {
    return usage(problem.message)
  }
}

function usage(problem) {
  const own = (name) => (SWITCHES[name] ? ` [--${SWITCHES[name]}]` : '')
  const all = Object.entries(TESTS).map(([name, has]) => `${name} [--${Object.keys(has)[0]} N] [--seed N]${own(name)}`)
  console.error(`${problem}\nusage: node scripts/long-test.mjs ${all.join(' | ')}`)
  process.exit(2)
}

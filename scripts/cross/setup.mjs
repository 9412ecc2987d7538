// Installs what builds for other systems need, and says what and where: `npm run setup:cross [-- TARGET…]`, by default for
// all that this machine can build. Everything is below target/cross, except a standard library that rustup adds to its
// toolchain. What is there is not installed again.

import process from 'node:process'
import { prepare } from './environment.mjs'
import { PUBLISHED, TARGETS } from './targets.mjs'

const targets = process.argv.length > 2 ? process.argv.slice(2) : PUBLISHED
for (const target of targets) {
  try {
    if (!TARGETS.includes(target)) throw new Error(`unknown target; there are ${TARGETS.join(', ')}`)
    prepare(target)
    console.log(`${target}: ready`)
  } catch (error) {
    console.error(`${target}: ${error.message}`)
    process.exitCode = 1
  }
}

// Builds the binaries of all platforms on one Linux machine, one after the other: `npm run build:all [-- --quick]`. What
// is built from this commit is skipped, so an interrupted run goes on where it stopped. A target that fails does not stop
// the others. Ends with a table.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { buildDist } from './build-dist.mjs'
import { builtFromHere } from './cross/built.mjs'
import { say } from './cross/run.mjs'
import { PUBLISHED } from './cross/targets.mjs'

const { quick = false } = parseArgs({ options: { quick: { type: 'boolean' } } }).values
const rows = PUBLISHED.map((target, at) => {
  const title = `[${at + 1}/${PUBLISHED.length}] ${target}`
  const there = builtFromHere(target, quick)
  say(there ? `${title}: built from this commit` : `${title}: building, since ${new Date().toTimeString().slice(0, 5)}`)
  try {
    return row(there ?? buildDist(target, { quick }))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
    return `| ${target} | failed | | |`
  }
})
console.log(['| target | MB | seconds | sha256 |', '| --- | --- | --- | --- |', ...rows].join('\n'))

function row({ target, bytes, seconds, sha256 }) {
  return `| ${target} | ${(bytes / 1e6).toFixed(1)} | ${seconds} | ${sha256.slice(0, 16)} |`
}

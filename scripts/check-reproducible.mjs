// Does a commit give the same binary wherever it is built? `npm run check:reproducible -- --target TRIPLE [--quick]` builds
// it here, and again in a clone in another folder with empty caches, and compares both byte for byte.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { buildDist } from './build-dist.mjs'
import { builtFromHere, commitOf, recordFile } from './cross/built.mjs'
import { PLACES } from './cross/places.mjs'
import { run, say } from './cross/run.mjs'
import { PUBLISHED } from './cross/targets.mjs'
import { readJson, root } from './platform.mjs'

const { target, quick = false } = parseArgs({
  options: { target: { type: 'string' }, quick: { type: 'boolean' } },
}).values
if (!PUBLISHED.includes(target)) {
  console.error(`--target must be one of ${PUBLISHED.join(', ')}`)
  process.exit(2)
}
if (commitOf() === undefined) {
  console.error('There are changes that are not committed: a clone would be of something else')
  process.exit(2)
}
const here = builtFromHere(target, quick) ?? buildDist(target, { quick })
const clone = join(mkdtempSync(join(tmpdir(), 'openmemory-elsewhere-')), 'a-clone-with-another-name')
try {
  say(`Building ${target} again in ${clone}`)
  run('git', ['clone', '--quiet', root, clone])
  for (const folder of [PLACES.python, PLACES.toolchains].filter(existsSync)) {
    cpSync(folder, folder.replace(root, `${clone}/`), { recursive: true, verbatimSymlinks: true })
  }
  const build = ['scripts/build-dist.mjs', '--target', target, ...(quick ? ['--quick'] : [])]
  // Its own target directory, also where the caller has set one.
  const { CARGO_TARGET_DIR: _, ...env } = process.env
  run(process.execPath, build, { cwd: clone, env })
  const there = readJson(recordFile(target).replace(root, `${clone}/`))
  console.log(`${here.sha256}  ${root}\n${there.sha256}  ${clone}`)
  if (here.sha256 !== there.sha256) throw new Error(`They differ, first ${difference(here.file, there.file)}`)
  console.log('equal')
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(join(clone, '..'), { recursive: true, force: true })
}

function difference(one, other) {
  const [a, b] = [readFileSync(one), readFileSync(other)]
  if (a.length !== b.length) return `in their length: ${a.length} and ${b.length} bytes`
  return `at byte ${a.findIndex((byte, at) => byte !== b[at])}`
}

// How is the published binary built? `npm run build:dist [-- --target TRIPLE] [--quick]` writes it to npm/<platform>/, on
// Linux for every system; what that needs is installed by scripts/cross/. The profile `dist` takes 5 to 20 minutes;
// `--quick` takes fewer, and its binary is larger and slower: for trying, not for publishing.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { commitOf, recordFile } from './cross/built.mjs'
import { prepare } from './cross/environment.mjs'
import { platformOf, TARGETS, targetOfThisMachine } from './cross/targets.mjs'
import { platformPackage, root } from './platform.mjs'

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { target = targetOfThisMachine(), quick } = parseArgs({
    options: { target: { type: 'string' }, quick: { type: 'boolean' } },
  }).values
  try {
    if (!TARGETS.includes(target)) throw new Error(`--target must be one of ${TARGETS.join(', ')}`)
    console.log(buildDist(target, { quick }).file)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}

export function buildDist(target, { quick = false } = {}) {
  const profile = quick ? 'dist-quick' : 'dist'
  const began = performance.now()
  const commit = commitOf()
  const { command, args, env } = prepare(target)
  const cargo = [...args, '--lib', '--package', 'openmemory-node', '--profile', profile, '--locked']
  const { status, error } = spawnSync(command, cargo, { cwd: root, env, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`Building for ${target} failed${error ? `: ${error.message}` : ''}`)
  const targets = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
  const file = publish(join(targets, target, profile, libraryName(target)), platformOf(target))
  const bytes = readFileSync(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const seconds = Math.round((performance.now() - began) / 1000)
  const record = { target, quick, commit, file, bytes: bytes.length, sha256, seconds }
  mkdirSync(dirname(recordFile(target)), { recursive: true })
  writeFileSync(recordFile(target), `${JSON.stringify(record, null, 2)}\n`)
  return record
}

function libraryName(target) {
  if (target.includes('-windows-')) return 'openmemory_node.dll'
  return target.endsWith('-apple-darwin') ? 'libopenmemory_node.dylib' : 'libopenmemory_node.so'
}

/** Renamed into its place, so that there is never half a binary. */
function publish(built, platform) {
  const file = platformPackage(platform).binary
  copyFileSync(built, `${file}.partial`)
  renameSync(`${file}.partial`, file)
  return file
}

// Can the built addons be published? Reads which functions they export, which libraries and which system they need, and
// whether they are signed and reveal the build machine: `npm run check:symbols [-- FILE…] [--development]`. Binaries of
// all platforms can be read on each. Needs Rust; the rules are in crates/binary-check.
//
// Without files   all binaries below npm/
// --development   the addon that `npm run setup` has built, with what may differ on the machine that built it

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { BUILD_PATHS } from './build-paths.mjs'
import { binaries, platformPackage, root, thisPlatform } from './platform.mjs'

const options = { development: { type: 'boolean', default: false } }
const { values, positionals } = parseArgs({ allowPositionals: true, options })
const files = positionals.length > 0 ? positionals.map((file) => resolve(file)) : built(values.development)
if (files.length === 0) {
  console.error('There is no binary below npm/: run "npm run build:dist", or name files')
  process.exit(2)
}

const { status, error } = spawnSync(
  'cargo',
  [
    ...['run', '--quiet', '--locked', '--release', '--target', 'host-tuple', '--package', 'binary-check', '--'],
    ...(values.development ? ['--development'] : []),
    ...BUILD_PATHS.flatMap((path) => ['--path', path]),
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
)
if (error) console.error(`cargo could not be started: ${error.message}`)
process.exitCode = status ?? 2

function built(development) {
  if (development) return [join(root, platformPackage(thisPlatform()).manifest.main)]
  return binaries().built.map((platform) => platformPackage(platform).binary)
}

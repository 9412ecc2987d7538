// Are the packages complete and correct? Packs the main package and this platform's, compares the files of the main one
// with scripts/package-files.txt, and checks types and exports as users' tools resolve them. The platform packages in
// npm/ are compared with package.json, and the notices with Cargo.lock.
// `--update` rewrites the list; `--packed DIR` names what `npm run pack:local -- --out DIR` has packed.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { platformOf } from './cross/targets.mjs'
import { checkNotices, NOTICES } from './notices.mjs'
import { pack } from './pack.mjs'
import { compareFiles, MAIN_LIST, mainFiles, platformFiles } from './package-contents.mjs'
import { platformPackage, platforms, readJson, root } from './platform.mjs'

const options = { update: { type: 'boolean' }, packed: { type: 'string' } }
const { update, packed } = parseArgs({ options }).values
const out = mkdtempSync(join(tmpdir(), 'openmemory-pack-'))

try {
  checkPlatforms()
  checkNotices()
  const { platform, tarballs } = pack({ out, packed })
  const [main, own] = tarballs
  if (update) writeFileSync(MAIN_LIST, `${main.files.join('\n')}\n`)
  compareFiles('The package', main.files, mainFiles())
  compareFiles(`The package of ${platform}`, own.files, platformFiles(platform))
  for (const { file } of tarballs) console.log(run(bin('publint'), ['run', file, '--strict']))
  console.log(run(bin('attw'), [main.file, '--no-emoji']))
} catch (error) {
  console.error(error.stdout?.toString() || error.message)
  process.exitCode = 1
} finally {
  rmSync(out, { recursive: true, force: true })
}

/** One package per target, with the version of the main package and without install scripts. */
function checkPlatforms() {
  const { name, version, napi, engines, license, homepage, repository, bugs } = readJson(join(root, 'package.json'))
  compareFiles('npm/', platforms(), napi.targets.map(platformOf))
  for (const platform of platforms()) {
    const { manifest } = platformPackage(platform)
    const [os, cpu, abi] = platform.split('-')
    const libc = os === 'linux' ? { libc: [abi === 'gnu' ? 'glibc' : abi] } : {}
    const binary = `openmemory.${platform}.node`
    const description = `The binary of ${name} for ${platform}.`
    const source = { homepage, repository: { ...repository, directory: `npm/${platform}` }, bugs }
    const expected = {
      ...{ name: `${name}-${platform}`, version, description, license, ...source, preferUnplugged: true, engines },
      os: [os],
      cpu: [cpu],
      ...libc,
      type: 'commonjs',
      main: binary,
      files: [binary, NOTICES],
    }
    if (JSON.stringify(manifest) === JSON.stringify(expected)) continue
    throw new Error(`npm/${platform}/package.json should be\n${JSON.stringify(expected, null, 2)}`)
  }
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name)
}

function run(command, args) {
  const shell = process.platform === 'win32'
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', shell, stdio: ['ignore', 'pipe', 'inherit'] })
}

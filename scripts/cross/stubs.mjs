// What do the builds ask for that neither zig nor the packages have? Files without content of their own: the names of
// system libraries for Apple's linker, and an empty libnode, from which nothing is linked (`dyn-symbols`).

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PLACES } from './places.mjs'
import { ZIG } from './zig.mjs'

/** Headers of macOS that zig lacks and mimalloc includes. */
export const MACOS_HEADERS = fileURLToPath(new URL('macos/include', import.meta.url))
const ICONV = fileURLToPath(new URL('macos/libiconv.tbd', import.meta.url))
/** What reads the certificates that macOS trusts, for connections to databases. */
const FRAMEWORKS = ['CoreFoundation', 'Security', 'SystemConfiguration']
const EMPTY_ARCHIVE = '!<arch>\n'

export function writeStubs(target) {
  if (target.endsWith('-apple-darwin')) writeMacosLibraries()
  if (target.endsWith('-windows-gnu')) writeLibnode()
}

/** As in Apple's SDK, where libc and libm are other names of libSystem. */
function writeMacosLibraries() {
  mkdirSync(PLACES.macosLibraries, { recursive: true })
  const system = join(dirname(ZIG), 'lib', 'libc', 'darwin', 'libSystem.tbd')
  for (const name of ['System', 'c', 'm']) copyFileSync(system, join(PLACES.macosLibraries, `lib${name}.tbd`))
  copyFileSync(ICONV, join(PLACES.macosLibraries, 'libiconv.tbd'))
  for (const name of FRAMEWORKS) {
    const folder = join(PLACES.macosRoot, 'System', 'Library', 'Frameworks', `${name}.framework`)
    mkdirSync(folder, { recursive: true })
    copyFileSync(fileURLToPath(new URL(`macos/${name}.tbd`, import.meta.url)), join(folder, `${name}.tbd`))
  }
}

/** napi's build script stops where the ABI is GNU's and there is no libnode.dll, and then links it. */
function writeLibnode() {
  mkdirSync(PLACES.libnode, { recursive: true })
  writeFileSync(join(PLACES.libnode, 'libnode.dll'), '')
  for (const name of ['libnode.a', 'libnode.dll.a', 'node.lib']) {
    writeFileSync(join(PLACES.libnode, name), EMPTY_ARCHIVE)
  }
}

// Which targets are published, and as which package's binary? The table has every target that `npm run build:dist` takes.

import process from 'node:process'
import { thisPlatform } from '../platform.mjs'

/** The oldest systems that the binaries run on. */
export const GLIBC = '2.17'
export const MACOS = '11.0'

const PLATFORMS = {
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu',
  'x86_64-unknown-linux-musl': 'linux-x64-musl',
  'aarch64-unknown-linux-musl': 'linux-arm64-musl',
  'x86_64-apple-darwin': 'darwin-x64',
  'aarch64-apple-darwin': 'darwin-arm64',
  // Node's loader asks for this name on every Windows, whatever ABI the file was built with
  // (docs/adr/0071-one-linux-machine-builds-every-binary.md).
  'x86_64-pc-windows-gnu': 'win32-x64-msvc',
  'x86_64-pc-windows-msvc': 'win32-x64-msvc',
}

/** What the machine's own linker links, with the SDK that is there: Apple's on macOS, Microsoft's on Windows. */
const OWN = { darwin: 'apple-darwin', win32: 'windows-msvc' }

export const TARGETS = Object.keys(PLATFORMS)

/** One target per package. */
export const PUBLISHED = TARGETS.filter((target) => !target.endsWith('-msvc'))

export function platformOf(target) {
  return PLATFORMS[target]
}

export function isLinkedHere(target) {
  return OWN[process.platform] !== undefined && target.endsWith(OWN[process.platform])
}

export function targetOfThisMachine() {
  const own = TARGETS.filter((target) => PLATFORMS[target] === thisPlatform())
  return own.find(isLinkedHere) ?? own[0]
}

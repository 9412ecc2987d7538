// In what does a target's binary run on Linux x64? `start` installs it, and answers with its name and a function that
// runs Node there. `resolver` is the package that Jest finds files with on that platform. `usual` are the suites for which
// there is time, `left` those that cannot pass, each with the reason.

import process from 'node:process'
import { startAlpine } from './alpine.mjs'
import { runProgram } from './program.mjs'
import { startQemu } from './qemu.mjs'
import { startWine } from './wine.mjs'

/** The machine that is emulated has a fraction of the speed: what an update, a search and a kill leave behind. */
const SHORT = [
  ...['update-fields', 'update-search', 'history', 'concurrent-updates', 'durability', 'search'],
  ...['backup', 'export', 'lifecycle', 'delete', 'doctor'],
]

const BUNDLE = ['subpaths', 'server/web-client']
const NEED = { Python: ['server/python-client', 'server/mem0-clients'], curl: ['server/curl-examples'] }

const left = (suites, reason) => Object.fromEntries(suites.map((suite) => [suite, reason]))
const leftFor = (tool, where) => left(NEED[tool], `needs ${tool}, which is not installed in ${where}`)

const IN_WINE = {
  ...left(['examples', 'published-snippet', 'readme'], 'makes junctions between drives, which wine refuses (ENOTSUP)'),
  demo: 'looks at a terminal, of which wine has none here',
  init: 'starts a shell',
  ...left(BUNDLE, 'compiles with tools that are installed for Linux only'),
  ...leftFor('Python', 'wine'),
  ...leftFor('curl', 'wine'),
}
const IN_ALPINE = {
  ...left(BUNDLE, 'bundles with esbuild, which is installed for glibc only'),
  ...leftFor('Python', 'this Alpine'),
  ...leftFor('curl', 'this Alpine'),
}
const IN_QEMU = left(BUNDLE, 'bundles with esbuild, which is installed for x64 only')

/** What every emulator is compared with. */
function startHere({ work }) {
  return {
    name: `Node ${process.versions.node}, this machine`,
    inside: (path) => path,
    node: (args, options) => runProgram(work, process.execPath, args, options),
  }
}

export const EMULATORS = {
  'x86_64-unknown-linux-gnu': { start: startHere, resolver: 'linux-x64-gnu', left: {} },
  'x86_64-unknown-linux-musl': { start: startAlpine, resolver: 'linux-x64-musl', left: IN_ALPINE },
  'aarch64-unknown-linux-musl': {
    start: (options) => startQemu({ ...options, musl: true }),
    ...{ resolver: 'linux-arm64-musl', usual: SHORT, left: IN_QEMU },
  },
  'aarch64-unknown-linux-gnu': {
    start: (options) => startQemu({ ...options, musl: false }),
    ...{ resolver: 'linux-arm64-gnu', usual: SHORT, left: IN_QEMU },
  },
  'x86_64-pc-windows-gnu': { start: startWine, resolver: 'win32-x64-msvc', left: IN_WINE },
}

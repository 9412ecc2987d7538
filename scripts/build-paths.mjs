// Which paths of the build machine must not be in a binary? They reveal who built it and where, and prevent
// reproducible builds.

import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './platform.mjs'

const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
const rustupHome = process.env.RUSTUP_HOME ?? join(homedir(), '.rustup')
/** Each path with its replacement. If several match, the last one counts. */
const NAMES = [
  [homedir(), 'home'],
  [root.replace(/[/\\]$/, ''), '.'],
  [rustupHome, 'rustup'],
  [cargoHome, 'cargo'],
]

export const BUILD_PATHS = NAMES.map(([path]) => path)

/** The environment in which rustc replaces the paths in panic messages. */
export function withoutBuildPaths(env) {
  const flags = NAMES.map(([path, name]) => `--remap-path-prefix=${path}=${name}`)
  const spaced = flags.find((flag) => /\s/.test(flag))
  // Flags in RUSTFLAGS are separated by spaces.
  if (spaced) throw new Error(`${spaced}: rustc cannot be given a path with a space; build in another place`)
  return { ...env, RUSTFLAGS: [env.RUSTFLAGS, ...flags].filter(Boolean).join(' ') }
}

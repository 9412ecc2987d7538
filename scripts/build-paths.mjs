// Which paths of the machine that builds must no binary hold? They tell who built it and where, and make two builds differ.

import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { root } from './platform.mjs'

const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
const rustupHome = process.env.RUSTUP_HOME ?? join(homedir(), '.rustup')
/** Each with what it is called instead. Of several that fit the last one counts. */
const NAMES = [
  [homedir(), 'home'],
  [root.replace(/[/\\]$/, ''), '.'],
  [rustupHome, 'rustup'],
  [cargoHome, 'cargo'],
]

export const BUILD_PATHS = NAMES.map(([path]) => path)

/** The environment in which rustc writes other names where a panic says in which file it was. */
export function withoutBuildPaths(env) {
  const flags = NAMES.map(([path, name]) => `--remap-path-prefix=${path}=${name}`)
  const spaced = flags.find((flag) => /\s/.test(flag))
  // napi adds flags of its own to RUSTFLAGS, which are separated by spaces.
  if (spaced) throw new Error(`${spaced}: rustc cannot be given a path with a space; build in another place`)
  return { ...env, RUSTFLAGS: [env.RUSTFLAGS, ...flags].filter(Boolean).join(' ') }
}

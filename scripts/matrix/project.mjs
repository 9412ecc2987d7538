// What does a user's project consist of? An empty folder outside the repository with the packed package installed.

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeJson } from '../pack.mjs'
import { root } from '../platform.mjs'
import { run } from './run.mjs'

const USES = join(root, 'scripts', 'matrix', 'uses')

export function projectFolder({ work }, name) {
  const folder = join(work, name)
  mkdirSync(folder, { recursive: true })
  writeJson(join(folder, 'package.json'), { private: true })
  return folder
}

/** From the tarballs, without a network. */
export async function installPackage({ tarballs }, folder) {
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', [...install, ...tarballs.map(({ file }) => file)], { cwd: folder })
}

/** From a registry on this machine, as on Linux x64 with that C library. */
export async function installFor(libc, registry, { version }, folder) {
  const platform = ['--os=linux', '--cpu=x64', `--libc=${libc}`]
  const own = [`--registry=${registry.url}`, `--cache=${join(folder, '.cache')}`]
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...platform, ...own]
  await run('npm', [...install, `@openmemory/sdk@${version}`], { cwd: folder })
}

export function copyUses(folder, names) {
  if (names === undefined) return cpSync(USES, folder, { recursive: true })
  for (const name of names) cpSync(join(USES, name), join(folder, name))
}

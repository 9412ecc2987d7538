// Which files does a published package contain?

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOTICES } from './notices.mjs'
import { root } from './platform.mjs'

/** The list for the main package. */
export const MAIN_LIST = join(root, 'scripts', 'package-files.txt')
/** Of the main package and one platform's, installed (docs/adr/0115-binaries-are-compiled-for-size.md). */
export const GOAL_INSTALLED_MB = 60
export const MAX_INSTALLED_MB = 65

export function mainFiles() {
  return readFileSync(MAIN_LIST, 'utf8').split('\n').filter(Boolean)
}

export function platformFiles(platform) {
  return ['LICENSE', 'README.md', NOTICES, `openmemory.${platform}.node`, 'package.json']
}

/** Throws, and names the difference. */
export function compareFiles(what, found, listed) {
  const added = found.filter((path) => !listed.includes(path))
  const missing = listed.filter((path) => !found.includes(path))
  if (added.length + missing.length === 0) return
  const lines = [...added.map((path) => `+ ${path}`), ...missing.map((path) => `- ${path}`)]
  throw new Error(`${what} differs from its list of files:\n${lines.join('\n')}`)
}

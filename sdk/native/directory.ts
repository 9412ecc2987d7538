// Which directory does a path mean?

import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve, sep } from 'node:path'
import { invalid } from '../errors'
import { environment } from '../validate/options'

/** The absolute path of a store, given or not. `~/` means the home directory, even if no shell has expanded it. */
export function directoryOf(given: string | undefined): string {
  const path = given ?? environment('OPENMEMORY_PATH') ?? '.openmemory'
  if (/^postgres(ql)?:/.test(path)) throw invalid('path', 'must be a directory; pass the URL of a database as store')
  if (path === ':memory:' || /^(file|sqlite):/.test(path)) {
    throw invalid(
      'path',
      `must be a directory, not ${path}; for a test, create one in the system's temporary directory`,
    )
  }
  if (path.includes('\0')) throw invalid('path', 'must not contain a null character')
  // Resolved now, so that a later chdir does not move the store.
  const isBelowHome = path === '~' || path.startsWith('~/') || path.startsWith(`~${sep}`)
  const absolute = resolve(isBelowHome ? join(homedir(), path.slice(2)) : path)
  if (isFile(absolute)) throw invalid('path', `must be a directory; ${absolute} is a file`)
  return absolute
}

/** A path that cannot be examined is reported when it is opened. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
  } catch {
    return false
  }
}

// Which paths does Claude's memory tool have? `/memories` and what is below it, as on a file system without links.

import { sha256 } from '../sha256'

export const ROOT = '/memories'
/** Labels of a path: a memory has 64 tags at most, one for each of its directories. */
const MAX_DEPTH = 60

/** The path without repeated slashes and a slash at the end. */
export function normalized(path: unknown): string {
  if (typeof path !== 'string' || (path !== ROOT && !path.startsWith(`${ROOT}/`))) {
    throw new Error(`Path must start with ${ROOT}, got: ${String(path)}`)
  }
  const labels = path.split('/').filter((label) => label !== '')
  if (labels.some((label) => label === '..' || label === '.')) {
    throw new Error(`Path ${path} would escape ${ROOT} directory`)
  }
  if (labels.length > MAX_DEPTH) throw new Error(`Path ${path} has more than ${MAX_DEPTH} directories`)
  return `/${labels.join('/')}`
}

/** The path and each directory that it is in, from `/memories` on. */
export function withParents(path: string): string[] {
  const labels = path.split('/').slice(1)
  return labels.map((_, at) => `/${labels.slice(0, at + 1).join('/')}`)
}

/**
 * A tag for everything of a user at or below a path. A digest, because tags are short and their words count in searches; of
 * the user too, so that files without a user are not everybody's.
 */
export function tagOf(path: string, userId: string | undefined): string {
  return `path:${sha256(JSON.stringify([userId ?? null, path])).slice(0, 32)}`
}

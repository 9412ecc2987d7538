// Which directories does this process have open, and through which copy of the package? A lock names only the process id of
// its holder, not that the holder may be another copy of the package in this process.

import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { failure, type OpenMemoryError } from '../errors'

interface Holder {
  directory: string
  /** The directory of the copy. */
  copy: string
}

// Under a global symbol, because two copies share no module. Other versions read it too.
const REGISTRY = Symbol.for('@openmemory/sdk.open')
const registry = globalThis as { [REGISTRY]?: Set<Holder> }

const COPY = join(__dirname, '..', '..')

/** Records that this copy opens a directory; returns the function that removes the record. */
export function holdDirectory(directory: string): () => void {
  registry[REGISTRY] ??= new Set()
  const [holders, holder] = [registry[REGISTRY], { directory, copy: COPY }]
  holders.add(holder)
  return () => holders.delete(holder)
}

/** For a directory that is LOCKED: the error unchanged, or one that names this process as the holder. */
export function explainLock(error: OpenMemoryError, directory: string): OpenMemoryError {
  if (!error.message.includes(`(${process.pid})`)) return error
  return failure('LOCKED', explanation(realPath(directory)))
}

function explanation(directory: string): string {
  const holders = [...(registry[REGISTRY] ?? [])].filter((holder) => realPath(holder.directory) === directory)
  const other = holders.find(({ copy }) => copy !== COPY)
  if (other) {
    return (
      `another copy of @openmemory/sdk in this process (${other.copy}) has the directory open; ` +
      'use a single copy (npm ls @openmemory/sdk lists them), or close the other one'
    )
  }
  if (holders.length > 0) return 'this process has the store open itself; close it, then try again'
  // A process id is unique only within one container, and the record above only within one thread.
  return (
    `the directory is open in another thread or copy of the package in this process (${process.pid}), or in a process ` +
    'with the same id in another container; close it there, or share one server'
  )
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

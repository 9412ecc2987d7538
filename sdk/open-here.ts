// Which directories does this process have open, and by which copy of the package? A directory's lock tells the number of
// the process that holds it, and not that it is this one's own.

import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { failure, type OpenMemoryError } from './errors'

interface Holder {
  directory: string
  /** The folder of the copy. */
  copy: string
}

// Under a symbol of the whole process: two copies have no module in common. What is in it is read by other versions too.
const REGISTRY = Symbol.for('@openmemory/sdk.open')
const registry = globalThis as { [REGISTRY]?: Set<Holder> }

const COPY = join(__dirname, '..')

/** Says that this copy opens a directory; gives the function that takes it back. */
export function holdHere(directory: string | undefined): () => void {
  if (directory === undefined) return () => {}
  registry[REGISTRY] ??= new Set()
  const [holders, holder] = [registry[REGISTRY], { directory, copy: COPY }]
  holders.add(holder)
  return () => holders.delete(holder)
}

/** Of a directory that is LOCKED: the error as it is, or one that says that this very process holds it. */
export function explainLock(error: OpenMemoryError, directory: string | undefined): OpenMemoryError {
  if (directory === undefined || !error.message.includes(`(${process.pid})`)) return error
  return failure('LOCKED', explanation(realPath(directory)))
}

function explanation(directory: string): string {
  const holders = [...(registry[REGISTRY] ?? [])].filter((holder) => realPath(holder.directory) === directory)
  const other = holders.find(({ copy }) => copy !== COPY)
  if (other) {
    return (
      `another copy of @openmemory/sdk in this process (${other.copy}) has the directory open; ` +
      'have one copy only (npm ls @openmemory/sdk lists them), or close it there'
    )
  }
  if (holders.length > 0) return 'this process has the store open itself; close it, then try again'
  // Numbers are told apart within one thread and one container only.
  return (
    `the directory is open in another thread or copy of the package in this process (${process.pid}), or in a process ` +
    'of the same number in another container; close it there, or use one server for all'
  )
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

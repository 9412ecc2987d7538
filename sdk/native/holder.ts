// Which process has a directory open, and how is it reached? A note in the directory says so, for its owner's processes only.

import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../replace-file'

/** Hidden, so that it may be in a directory before a store is. */
const NOTE = '.holder.json'

export interface Holder {
  /** Of its server, which listens on this machine. */
  url: string
  /** A key of that server. Absent: it takes none. */
  key?: string
}

/**
 * Says that this process serves the directory; returns the function that takes it back. Nothing can be noted in a directory that
 * is read-only, and any number of processes may open one.
 */
export function announce(directory: string, holder: Holder): () => void {
  try {
    return noted(directory, holder)
  } catch {
    return () => {}
  }
}

function noted(directory: string, holder: Holder): () => void {
  const [note, text] = [join(directory, NOTE), JSON.stringify(holder)]
  const unfinished = `${note}.${process.pid}`
  rmSync(unfinished, { force: true })
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' })
  replaceFile(unfinished, note)
  return () => {
    // Another process may hold the directory by now.
    if (textOf(note) === text) rmSync(note, { force: true })
  }
}

/** Whether the process that had the directory open last is still there; it may have closed it. */
export function mayBeOpen(directory: string): boolean {
  // The second file is where nobody can read a locked one.
  const pid = Number(textOf(join(directory, 'lock.pid')) ?? textOf(join(directory, 'lock')))
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The process that has announced itself; it may be gone. */
export function holderOf(directory: string): Holder | undefined {
  try {
    const { url, key } = JSON.parse(textOf(join(directory, NOTE)) ?? '') as Partial<Holder>
    if (typeof url !== 'string') return undefined
    return { url, ...(typeof key === 'string' && { key }) }
  } catch {
    return undefined
  }
}

/** A key that nobody has seen. */
export function newKey(): string {
  return randomBytes(32).toString('base64url')
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

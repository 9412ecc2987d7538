// How does an export reach what cannot be renamed, such as a pipe, and an import come from what cannot be read twice? By
// way of a temporary file: so bytes go out only of an export that is whole, and come in only once all are there.

import { closeSync, constants, openSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { failure, invalid, type OpenMemoryError } from './errors'

const PIECE = 64 << 10
const PAUSE_MS = 5
// Windows has no such pipes, and not the flag.
const { O_RDONLY, O_WRONLY, O_NONBLOCK = 0 } = constants

/** Throws when the call is over, however long the other end of a pipe takes. */
export type Check = () => void

/** Has an export written to `file`: to what a symbolic link names, and into a pipe or a device. */
export async function writingTo<T>(file: string, check: Check, write: (file: string) => Promise<T>): Promise<T> {
  const found = kindOf(file)
  if (found === undefined || found.isFile() || found.isDirectory()) return write(linked(file))
  // First: whoever reads then sees an end, also of an export that fails.
  const target = await used(file, openToWrite(file, found.isFIFO(), check))
  try {
    return await throughFile(write, async (pieces) => {
      for await (const piece of pieces) await used(file, put(target, piece, check))
    })
  } finally {
    await target.close()
  }
}

/** Has an import read from `file`, which may be a pipe. */
export async function readingFrom<T>(file: string, check: Check, read: (file: string) => Promise<T>): Promise<T> {
  const found = kindOf(file)
  if (found === undefined || found.isFile() || found.isDirectory()) return read(file)
  if (!found.isFIFO()) throw invalid('file', 'must be a file or a pipe')
  const source = await used(file, openToRead(file, check))
  try {
    return await fromStream(piecesOf(file, source, check), read)
  } finally {
    await source.close()
  }
}

/** Makes a file by `write`, and gives its bytes to `take`. The file has no name any more by then. */
export function throughFile<T>(
  write: (file: string) => Promise<T>,
  take: (pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<T> {
  return inFolder(async (file, remove) => {
    const result = await write(file)
    const handle = await open(file, 'r')
    try {
      await remove()
      await take(handle.createReadStream({ autoClose: false }))
    } finally {
      await handle.close()
    }
    return result
  })
}

/** Gives `read` a file of all that a stream brings. */
export function fromStream<T>(pieces: AsyncIterable<Buffer>, read: (file: string) => Promise<T>): Promise<T> {
  return inFolder(async (file) => {
    const handle = await open(file, 'wx', 0o600)
    try {
      for await (const piece of pieces) await used(file, handle.writeFile(piece))
    } finally {
      await handle.close()
    }
    return read(file)
  })
}

/** The file that takes the place of `file`: a symbolic link stays one, also where what it names is not there yet. */
export function linked(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw invalid('file', 'is a symbolic link that leads back to itself')
    if (code !== 'ENOENT') return file
    const target = targetOf(file)
    return target === undefined ? file : linked(resolve(realpathSync(dirname(file)), target))
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

async function inFolder<T>(work: (file: string, remove: () => Promise<void>) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'openmemory-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    return await work(join(folder, 'memories.jsonl'), remove)
  } finally {
    await remove()
  }
}

/** At once, so that a call before `close()` begins before it. What cannot be looked at is refused where it is used. */
function kindOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

/** Without blocking: a pipe that nobody reads would keep a thread for as long. */
async function openToWrite(file: string, isPipe: boolean, check: Check): Promise<FileHandle> {
  for (;;) {
    check()
    try {
      return await open(file, O_WRONLY | O_NONBLOCK)
    } catch (error) {
      if (!isPipe || (error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await wait(PAUSE_MS)
    }
  }
}

/** Waits until somebody writes. Opened without blocking alone, a pipe would look as if it had ended. */
async function openToRead(file: string, check: Check): Promise<FileHandle> {
  const opening = open(file, O_RDONLY)
  opening.catch(() => undefined)
  while ((await Promise.race([opening, wait(PAUSE_MS)])) === undefined) {
    try {
      check()
    } catch (over) {
      release(file)
      opening.then((handle) => handle.close()).catch(() => undefined)
      throw over
    }
  }
  const handle = await opening
  try {
    return await open(file, O_RDONLY | O_NONBLOCK)
  } finally {
    await handle.close()
  }
}

/** Ends a wait for a writer: by being one for a moment. */
function release(file: string): void {
  try {
    closeSync(openSync(file, O_WRONLY | O_NONBLOCK))
  } catch {
    // Nobody waits any more.
  }
}

async function put(target: FileHandle, piece: Buffer, check: Check): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    check()
    const written = await whenReady(target.write(piece, at))
    at += written?.bytesWritten ?? 0
  }
}

async function* piecesOf(file: string, source: FileHandle, check: Check): AsyncGenerator<Buffer> {
  for (;;) {
    check()
    const piece = Buffer.allocUnsafe(PIECE)
    const read = await used(file, whenReady(source.read(piece, 0, PIECE)))
    if (read?.bytesRead === 0) return
    if (read) yield piece.subarray(0, read.bytesRead)
  }
}

/** Nothing, a moment later, where a pipe is full or empty. */
async function whenReady<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    await wait(PAUSE_MS)
    return undefined
  }
}

async function used<T>(file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: NodeJS.ErrnoException | OpenMemoryError) => {
    if ('retryable' in error) throw error
    throw failure('IO', `the file ${file} could not be used: ${error.message}`, { cause: error })
  })
}

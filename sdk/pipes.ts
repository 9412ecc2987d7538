// How does an export reach a target that cannot be renamed, such as a pipe, and an import come from a source that cannot be
// read twice? Through a temporary file: only a complete export is sent, and an import starts once everything has arrived.

import { closeSync, constants, openSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { failure, invalid, type OpenMemoryError } from './errors'
import { fileError } from './file-error'

const CHUNK_BYTES = 64 << 10
const PAUSE_MS = 5
/** Windows may refuse to remove a file while a virus scanner reads it. */
const RETRIES = 3
// Windows has neither such pipes nor the flag.
const { O_RDONLY, O_WRONLY, O_NONBLOCK = 0 } = constants

/** Throws if the call has ended, however long the other end of a pipe takes. */
export type Check = () => void

/** Writes an export to `file`: to the target of a symbolic link, or into a pipe or a device. */
export async function writingTo<T>(file: string, check: Check, write: (file: string) => Promise<T>): Promise<T> {
  const found = kindOf(file)
  if (found === undefined || found.isFile() || found.isDirectory()) return write(resolveLink(file))
  // Opened first, so that the reader sees the end even if the export fails.
  const target = await used(file, openToWrite(file, found.isFIFO(), check))
  try {
    return await throughFile(write, async (chunks) => {
      for await (const chunk of chunks) await used(file, put(target, chunk, check))
    })
  } finally {
    await target.close()
  }
}

/** Reads an import from `file`, which may be a pipe. */
export async function readingFrom<T>(file: string, check: Check, read: (file: string) => Promise<T>): Promise<T> {
  const found = kindOf(file)
  if (found === undefined || found.isFile() || found.isDirectory()) return read(file)
  if (!found.isFIFO()) throw invalid('file', 'must be a file or a pipe')
  const source = await used(file, openToRead(file, check))
  try {
    return await fromStream(chunksOf(file, source, check), read)
  } finally {
    await source.close()
  }
}

/** Creates a file with `write` and passes its bytes to `take`. By then its name is removed, where an open file can be. */
export function throughFile<T>(
  write: (file: string) => Promise<T>,
  take: (chunks: AsyncIterable<Buffer>) => Promise<void>,
): Promise<T> {
  return inFolder(async (file, remove) => {
    const result = await write(file)
    const handle = await open(file, 'r')
    try {
      // Not every volume of Windows removes an open file; then it is removed after it is closed.
      await remove().catch(() => undefined)
      await take(handle.createReadStream({ autoClose: false }))
    } finally {
      await handle.close()
    }
    return result
  })
}

/** Passes a file with everything that a stream delivers to `read`. */
export function fromStream<T>(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  read: (file: string) => Promise<T>,
): Promise<T> {
  return inFolder(async (file) => {
    const handle = await open(file, 'wx', 0o600)
    try {
      for await (const chunk of chunks) await used(file, handle.writeFile(chunk))
    } finally {
      await handle.close()
    }
    return read(file)
  })
}

/** The file to replace: a symbolic link is resolved, even if its target does not exist yet. */
export function resolveLink(file: string): string {
  try {
    return realpathSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw invalid('file', 'is a symbolic link that leads back to itself')
    if (code !== 'ENOENT') return file
    const target = targetOf(file)
    return target === undefined ? file : resolveLink(resolve(realpathSync(dirname(file)), target))
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
  const folder = await mkdtemp(join(tmpdir(), `openmemory-pipe-${process.pid}-`))
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: RETRIES })
  try {
    return await work(join(folder, 'memories.jsonl'), remove)
  } finally {
    await remove()
  }
}

/** Synchronous, so that a call before `close()` begins before it. A failure is reported when the file is used. */
function kindOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

/** Without blocking: a pipe without a reader would occupy a thread. */
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

/** Waits for a writer. A pipe that is opened without blocking would look as if it had ended. */
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

/** Ends a wait for a writer, by being one for a moment. */
function release(file: string): void {
  try {
    closeSync(openSync(file, O_WRONLY | O_NONBLOCK))
  } catch {
    // Nothing waits any more.
  }
}

async function put(target: FileHandle, chunk: Buffer, check: Check): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    check()
    const written = await whenReady(target.write(chunk, at))
    at += written?.bytesWritten ?? 0
  }
}

async function* chunksOf(file: string, source: FileHandle, check: Check): AsyncGenerator<Buffer> {
  for (;;) {
    check()
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const read = await used(file, whenReady(source.read(chunk, 0, CHUNK_BYTES)))
    if (read?.bytesRead === 0) return
    if (read) yield chunk.subarray(0, read.bytesRead)
  }
}

/** Resolves to `undefined` after a moment if a pipe is full or empty. */
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
    const { code, message, retryable } = fileError(file, error)
    throw failure(code, message, { retryable, cause: error })
  })
}

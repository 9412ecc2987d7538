// How does an export become a file on this machine, and which files can be sent? As in a process with the store, the file is
// written under a temporary name next to its target, synced, and renamed when it is complete.

import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { invalid } from '../errors'
import { fileError } from '../file-error'
import { ForeignResponse } from './foreign-response'
import { Refusal } from './refusal'
import type { ByteStream } from './sender'

const NEWLINE = 10
/** How an export begins. */
const HEADER = Buffer.from('{"format":"openmemory-export"')
/** Bytes at the end that contain the last line. */
const TAIL_BYTES = 4096

/** Rejects a path that no export can be written to. */
export async function checkTarget(file: string): Promise<void> {
  const [target, folder] = await Promise.all([kindOf(file), kindOf(dirname(file))])
  if (target === 'directory') throw invalid('file', 'is a directory; name a file in it')
  if (folder !== 'directory') throw invalid('file', 'is in a directory that does not exist; create it first')
}

/** The size of a file that can be sent. */
export async function sizeOf(file: string): Promise<number> {
  const found = await local(file, stat(file))
  if (!found.isFile()) throw invalid('file', 'must be a regular file, because it is read twice')
  return found.size
}

/** Writes the lines of a response to a file; returns the summary in its last line, as JSON. */
export async function save(
  response: ByteStream,
  file: string,
  { signal, report }: { signal: AbortSignal | undefined; report: (lines: number) => void },
): Promise<string> {
  const temporary = join(dirname(file), `.openmemory-export-${randomUUID()}`)
  try {
    const handle = await local(file, open(temporary, 'wx', 0o600))
    let bytes = 0
    let tail: Buffer
    try {
      ;({ bytes, tail } = await write(response, handle, file, report))
      await local(file, handle.sync())
    } finally {
      await handle.close()
    }
    const { memories, versions, tombstones } = trailerOf(tail)
    // Nothing has the name of the file yet.
    if (signal?.aborted) throw new Refusal({ code: 'ABORTED', message: 'the call was aborted' })
    await local(file, rename(temporary, file))
    await local(file, syncFolder(dirname(file)))
    return JSON.stringify({ memories, versions, tombstones, bytes })
  } finally {
    await rm(temporary, { force: true })
  }
}

async function write(response: ByteStream, handle: FileHandle, file: string, report: (lines: number) => void) {
  let [bytes, lines, tail] = [0, 0, Buffer.alloc(0)]
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes === 0 && !beginsExport(chunk)) throw new ForeignResponse('the response is not an export')
    await local(file, handle.writeFile(chunk))
    bytes += chunk.length
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES)
    report(lines)
  }
  return { bytes, tail }
}

/** Whether these first bytes, possibly very few, are those of an export. */
function beginsExport(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, HEADER.length)
  return bytes.subarray(0, length).equals(HEADER.subarray(0, length))
}

/** The last line. Without it the export is incomplete, even if the connection ended normally. */
function trailerOf(tail: Buffer): { memories: number; versions: number; tombstones: number } {
  const last = tail.toString().trimEnd().split('\n').at(-1) as string
  if (!last.startsWith('{"end":true')) throw new Error('the export was cut off')
  return JSON.parse(last)
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

async function kindOf(path: string): Promise<'directory' | 'other' | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found && (found.isDirectory() ? 'directory' : 'other')
}

/** A failure of this machine's disk is not a failure of the server. */
async function local<T>(file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw new Refusal(fileError(file, error))
  })
}

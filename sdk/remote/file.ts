// How does an export become a file of this machine, and may a file be sent? As in a process with the store: written
// beside the file that it will be, synced, and renamed when it is whole.

import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { EngineFailure } from '../answer'
import { invalid } from '../errors'
import { ForeignAnswer } from './foreign'
import { Refused } from './refused'

const NEWLINE = 10
/** How an export begins. */
const HEADER = Buffer.from('{"format":"openmemory-export"')
/** Bytes at the end among which the last line is. */
const TAIL = 4096

/** Refuses what no export can be written to. */
export async function checkTarget(file: string): Promise<void> {
  const [target, folder] = await Promise.all([kindOf(file), kindOf(dirname(file))])
  if (target === 'directory') throw invalid('file', 'is a directory; name a file in it')
  if (folder !== 'directory') throw invalid('file', 'is in a directory that does not exist; make it first')
}

/** The size of a file that can be sent. */
export async function sizeOf(file: string): Promise<number> {
  const found = await local(file, stat(file))
  if (!found.isFile()) throw invalid('file', 'must be a file, which is read twice')
  return found.size
}

/** Writes an answer's lines to a file; gives the summary as JSON, which the last line has. */
export async function save(
  answer: Readable,
  file: string,
  { signal, report }: { signal: AbortSignal | undefined; report: (lines: number) => void },
): Promise<string> {
  const temporary = join(dirname(file), `.openmemory-export-${randomUUID()}`)
  try {
    const handle = await local(file, open(temporary, 'wx', 0o600))
    let bytes = 0
    let tail: Buffer
    try {
      ;({ bytes, tail } = await write(answer, handle, file, report))
      await local(file, handle.sync())
    } finally {
      await handle.close()
    }
    const { memories, versions, tombstones } = trailerOf(tail)
    // Until here nothing has the file's name.
    if (signal?.aborted) throw new Refused({ code: 'ABORTED', message: 'the call was aborted' })
    await local(file, rename(temporary, file))
    await local(file, syncFolder(dirname(file)))
    return JSON.stringify({ memories, versions, tombstones, bytes })
  } finally {
    await rm(temporary, { force: true })
  }
}

async function write(answer: Readable, handle: FileHandle, file: string, report: (lines: number) => void) {
  let [bytes, lines, tail] = [0, 0, Buffer.alloc(0)]
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (bytes === 0 && !beginsExport(chunk)) throw new ForeignAnswer('the answer is no export')
    await local(file, handle.writeFile(chunk))
    bytes += chunk.length
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL)
    report(lines)
  }
  return { bytes, tail }
}

/** Whether these first bytes, which may be few, are an export's. */
function beginsExport(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, HEADER.length)
  return bytes.subarray(0, length).equals(HEADER.subarray(0, length))
}

/** What the last line says. Without it something is missing, also where the connection ended in good order. */
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

/** What this machine's disk refuses is no failure of the server. */
async function local<T>(file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw new Refused(unusable(file, error))
  })
}

/** What can pass by itself, or when somebody has made room. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'EAGAIN',
  'EBUSY',
  'EDQUOT',
  'EINTR',
  'EMFILE',
  'ENFILE',
  'ENOSPC',
])

export function unusable(file: string, error: Error): EngineFailure {
  const retryable = PASSING.has((error as NodeJS.ErrnoException).code)
  return { code: 'IO', message: `the file ${file} could not be used: ${error.message}`, retryable }
}

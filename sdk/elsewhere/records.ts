// What does a file of another program hold? Tables, if it is an SQLite database; otherwise the records of a JSON document, or of
// JSON lines.

import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { failure, invalid } from '../errors'
import { fileError } from '../file-error'
import { isPlainObject } from '../validate/json'

export type Row = Record<string, unknown>

export interface Records {
  /** Of an SQLite database, by name. */
  tables?: Map<string, Row[]>
  /** Of JSON. */
  rows: Row[]
  /** When the file was last written. */
  writtenAt: Date
}

const SQLITE = 'SQLite format 3\0'

export function recordsOf(file: string): Records {
  const { bytes, writtenAt } = read(file)
  if (bytes.subarray(0, SQLITE.length).toString('latin1') === SQLITE)
    return { tables: tablesOf(file), rows: [], writtenAt }
  return { rows: rowsOf(bytes.toString('utf8').replace(/^\ufeff/, '')), writtenAt }
}

/** Whether a file begins as an export of ours. What cannot be read is left to the import, which says why. */
export function isExport(file: string): boolean {
  try {
    // A pipe can be read only once.
    if (!statSync(file).isFile()) return true
    const [first = ''] = readStart(file)
      .split('\n')
      .filter((line) => line.trim() !== '')
    return first === '' || first.includes('"openmemory-export"')
  } catch {
    return true
  }
}

function readStart(file: string): string {
  const descriptor = openSync(file, 'r')
  try {
    const start = Buffer.alloc(4096)
    return start.toString('utf8', 0, readSync(descriptor, start, 0, start.length, 0))
  } finally {
    closeSync(descriptor)
  }
}

function read(file: string): { bytes: Buffer; writtenAt: Date } {
  try {
    return { bytes: readFileSync(file), writtenAt: statSync(file).mtime }
  } catch (error) {
    const { code, message, retryable } = fileError(file, error as Error)
    throw failure(code, message, { retryable, cause: error })
  }
}

function rowsOf(text: string): Row[] {
  const whole = parsed(text)
  if (whole !== undefined) return records(whole)
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const row = parsed(line)
    if (!isPlainObject(row)) throw invalid('file', `is neither JSON nor JSON lines: line ${index + 1} is no object`)
    return [row as Row]
  })
}

/** Where the programs' answers have their lists: of memories, of points, of a graph. */
function records(value: unknown): Row[] {
  if (Array.isArray(value)) return value.filter(isPlainObject) as Row[]
  if (!isPlainObject(value)) throw invalid('file', 'has no records: it must be an object, a list or lines of JSON')
  const document = value as Row
  for (const name of ['results', 'memories', 'items', 'points', 'result', 'data']) {
    if (Array.isArray(document[name]) || isPlainObject(document[name])) return records(document[name])
  }
  const graph = (name: string, type: string) =>
    Array.isArray(document[name]) ? (document[name] as Row[]).map((row) => ({ type, ...row })) : []
  if (Array.isArray(document.entities)) return [...graph('entities', 'entity'), ...graph('relations', 'relation')]
  return [document]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Database {
  prepare(sql: string): { all(): Row[] }
  close(): void
}

function tablesOf(file: string): Map<string, Row[]> {
  const database = open(file)
  try {
    const names = database.prepare("select name from sqlite_master where type = 'table'").all()
    return new Map(
      names.map(({ name }) => [name as string, database.prepare(`select * from "${name}"`).all().map(plain)]),
    )
  } catch (error) {
    throw invalid('file', `is an SQLite database that cannot be read: ${(error as Error).message}`)
  } finally {
    database.close()
  }
}

function open(file: string): Database {
  let sqlite: { DatabaseSync: new (file: string, options: { readOnly: boolean }) => Database }
  try {
    // By name at run time: Node 18 and 20 do not have it.
    sqlite = process.getBuiltinModule('node:sqlite') as unknown as typeof sqlite
    if (sqlite === undefined) throw new Error('no such module')
  } catch {
    const remedy = `sqlite3 -json ${file} 'select * from TABLE' > rows.json`
    throw invalid('file', `is an SQLite database, which needs Node 22.13 or later; or import its rows: ${remedy}`)
  }
  try {
    return new sqlite.DatabaseSync(file, { readOnly: true })
  } catch (error) {
    throw invalid('file', `is an SQLite database that cannot be opened: ${(error as Error).message}`)
  }
}

/** Without vectors, which are of another model. */
function plain(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => !(value instanceof Uint8Array)))
}

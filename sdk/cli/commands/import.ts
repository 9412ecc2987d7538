// openmemory import: reads memories from an export, or from a file of another program.

import type * as contract from '../../../index'
import { convert, PROGRAM_NAMES } from '../../elsewhere/convert'
import { isExport } from '../../elsewhere/records'
import { fromStream } from '../../pipes'
import { type Command, given, oneWord, text, UsageError } from '../command'
import { STRING } from '../flags'

/** If standard input is a socket, no path opens it. */
const STANDARD_INPUT: ReadonlySet<string> = new Set(['-', '/dev/stdin'])
const SOURCES = ['export', ...PROGRAM_NAMES]

export const importMemories: Command = {
  name: 'import',
  creates: true,
  usage: 'FILE',
  summary: 'Read memories from an export, or from Mem0, OpenMemory, LangGraph or the MCP memory server',
  stored: true,
  flags: { 'on-conflict': STRING, from: STRING, history: STRING, user: STRING },
  help: {
    'on-conflict': 'if an id has a different history in the store: report (the default), skip or replace',
    from: `who has written FILE: ${SOURCES.join(', ')} (what its records show)`,
    history: "the file of Mem0's history, for the texts that memories had before",
    user: 'whose the memories are, of programs that know no users',
  },
  example: 'openmemory import ~/.mem0/vector_store.db --history ~/.mem0/history.db',
  run(call) {
    const { values } = call
    const onConflict = text(values, 'on-conflict') as contract.ImportOptions['onConflict']
    const [from, history, userId] = [text(values, 'from'), text(values, 'history'), text(values, 'user')]
    if (from !== undefined && !SOURCES.includes(from))
      throw new UsageError(`--from must be one of ${SOURCES.join(', ')}`)
    const file = oneWord(call, 'FILE')
    const isOwn = (file: string) => from === 'export' || (from === undefined && isExport(file))
    if ((history ?? userId) !== undefined && !STANDARD_INPUT.has(file) && isOwn(file)) {
      throw new UsageError('--history and --user are for files of other programs')
    }
    const om = call.open()
    const read = (file: string) => om.importFrom(file, given({ onConflict, onProgress: call.progress }))
    const readAny = (file: string) => {
      if (isOwn(file)) return read(file)
      return fromStream(convert(file, given({ from, history, userId })).lines, read)
    }
    return STANDARD_INPUT.has(file) ? fromStream(process.stdin, readAny) : readAny(file)
  },
  failed: ({ failed }: contract.ImportSummary) => failed > 0,
  print({ imported, replaced, skipped, failed, errors }: contract.ImportSummary, call) {
    call.say(`${imported} imported, ${replaced} replaced, ${skipped} skipped, ${failed} rejected`)
    for (const { line, id, error } of errors) call.say(`  line ${line}, ${id}: ${error.message}`)
  },
}

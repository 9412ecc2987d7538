// openmemory import: reads memories from an export.

import type * as contract from '../../../index'
import { fromStream } from '../../pipes'
import { type Command, given, oneWord, text } from '../command'
import { STRING } from '../flags'

/** If standard input is a socket, no path opens it. */
const STANDARD_INPUT: ReadonlySet<string> = new Set(['-', '/dev/stdin'])

export const importMemories: Command = {
  name: 'import',
  creates: true,
  usage: 'FILE',
  summary: 'Read memories from an export; FILE - is standard input',
  flags: { 'on-conflict': STRING },
  help: { 'on-conflict': 'if an id has a different history in the store: report (the default), skip or replace' },
  run(call) {
    const onConflict = text(call.values, 'on-conflict') as contract.ImportOptions['onConflict']
    const file = oneWord(call, 'FILE')
    const om = call.open()
    const read = (file: string) => om.importFrom(file, given({ onConflict, onProgress: call.progress }))
    return STANDARD_INPUT.has(file) ? fromStream(process.stdin, read) : read(file)
  },
  failed: ({ failed }: contract.ImportSummary) => failed > 0,
  print({ imported, replaced, skipped, failed, errors }: contract.ImportSummary, call) {
    call.say(`${imported} imported, ${replaced} replaced, ${skipped} skipped, ${failed} rejected`)
    for (const { line, id, error } of errors) call.say(`  line ${line}, ${id}: ${error.message}`)
  },
}

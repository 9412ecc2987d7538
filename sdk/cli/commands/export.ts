// openmemory export: writes memories to a file or to standard output.

import { once } from 'node:events'
import type * as contract from '../../../index'
import { throughFile } from '../../pipes'
import { type Command, given, json, oneWord, UsageError } from '../command'
import { FILTER, FILTER_HELP } from '../flags'

/** If standard output is a socket, no path opens it. */
const STANDARD_OUTPUT: ReadonlySet<string> = new Set(['-', '/dev/stdout'])

export const exportMemories: Command = {
  name: 'export',
  scoped: true,
  usage: 'FILE',
  summary: 'Write memories with their history to a file of JSON lines; FILE - is standard output',
  stored: true,
  flags: FILTER,
  help: FILTER_HELP,
  example: 'openmemory export - | gzip > memories.jsonl.gz',
  run(call) {
    const filters = json<contract.Filters>(call.values, 'filter')
    const file = oneWord(call, 'FILE')
    const streamed = STANDARD_OUTPUT.has(file)
    if (streamed && call.values.json)
      throw new UsageError('--json cannot be combined with an export to standard output')
    const om = call.open()
    const write = (file: string) => om.exportTo(file, given({ filters, onProgress: call.progress }))
    return streamed ? throughFile(write, toStandardOutput) : write(file)
  },
  print({ memories, versions, bytes }: contract.ExportSummary, call) {
    const line = `${memories} memories in ${versions} versions, ${bytes} bytes`
    if (STANDARD_OUTPUT.has(call.words[0] as string)) process.stderr.write(`${line}\n`)
    else call.say(line)
  },
}

async function toStandardOutput(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

// Which commands work on a whole store? Taking it elsewhere, looking after it, and showing what one can do.

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type * as contract from '../../index'
import { doctor } from '../doctor'
import { OpenMemoryError } from '../errors'
import { directoryOf } from '../native/directory'
import { fromStream, throughFile } from '../pipes'
import { type Call, type Command, given, json, lockWaitMs, oneWord, text, UsageError } from './command'
import { styled } from './print'

const string = { type: 'string' } as const
const flag = { type: 'boolean' } as const

/** Where a process's own streams are sockets, no path opens them. */
const OUTPUT: ReadonlySet<string> = new Set(['-', '/dev/stdout'])
const INPUT: ReadonlySet<string> = new Set(['-', '/dev/stdin'])

/** What to do about what keeps a store from being looked at. */
const MEND: Partial<Record<contract.ErrorCode, string>> = {
  LOCKED: 'End the process that has it open, or ask that process with --url if it is a server.',
  INVALID_ARGUMENT: 'Name the directory of a store with --path or OPENMEMORY_PATH. openmemory add makes one.',
  FORMAT_UNSUPPORTED: 'Open it with the version that wrote it and export it; this version imports the export.',
  IO: 'See that the disk has room, and that this user may read and write the directory.',
  UNAUTHORIZED: 'Give a key with --api-key or OPENMEMORY_API_KEY; "openmemory keys create" makes one on the server.',
  UNAVAILABLE: 'Against a server: see that it runs and that the address is right.',
  MODEL_MISMATCH: 'Run "openmemory reindex": it embeds everything anew with the model of today.',
}

const WHOLE = ['Nothing is lost: opening the store puts it right, and so does "openmemory doctor --repair".']
const BROKEN = [
  'Some of it cannot be read. A backup is better, if there is one: it is a store itself.',
  'Otherwise "openmemory doctor --repair" saves what is whole and keeps the damaged files.',
]

export const STORE_COMMANDS: Command[] = [
  {
    name: 'export',
    scoped: true,
    usage: 'FILE',
    summary: 'Write memories with their history to a file of JSON lines; - is standard output',
    flags: { filter: string },
    help: { filter: `which memories, as JSON: '{"user_id": "ada"}' (all)` },
    example: 'openmemory export - | gzip > memories.jsonl.gz',
    run(call) {
      const filters = json<contract.Filters>(call.values, 'filter')
      const file = oneWord(call, 'FILE')
      const streamed = OUTPUT.has(file)
      if (streamed && call.values.json) throw new UsageError('--json and the memories cannot share standard output')
      const om = call.open()
      const write = (file: string) => om.exportTo(file, given({ filters, onProgress: call.progress }))
      return streamed ? throughFile(write, toStandardOutput) : write(file)
    },
    print({ memories, versions, bytes }: contract.ExportSummary, call) {
      const line = `${memories} memories in ${versions} versions, ${bytes} bytes`
      if (OUTPUT.has(call.words[0] as string)) process.stderr.write(`${line}\n`)
      else call.say(line)
    },
  },
  {
    name: 'import',
    creates: true,
    usage: 'FILE',
    summary: 'Read memories from an export; - is standard input',
    flags: { 'on-conflict': string },
    help: { 'on-conflict': 'where an id is taken by another history: report (the default), skip or replace' },
    run(call) {
      const onConflict = text(call.values, 'on-conflict') as contract.ImportOptions['onConflict']
      const file = oneWord(call, 'FILE')
      const om = call.open()
      const read = (file: string) => om.importFrom(file, given({ onConflict, onProgress: call.progress }))
      return INPUT.has(file) ? fromStream(process.stdin, read) : read(file)
    },
    failed: ({ failed }: contract.ImportSummary) => failed > 0,
    print({ imported, replaced, skipped, failed, errors }: contract.ImportSummary, call) {
      call.say(`${imported} imported, ${replaced} replaced, ${skipped} there already, ${failed} refused`)
      for (const { line, id, error } of errors) call.say(`  line ${line}, ${id}: ${error.message}`)
    },
  },
  {
    name: 'backup',
    usage: 'DIR',
    summary: 'Copy the store while others use it; with --url, DIR is a name on the server',
    run(call) {
      const dir = oneWord(call, 'DIR')
      return call.open().backup(dir)
    },
    print: ({ memories, bytes }: contract.BackupSummary, call) => call.say(`${memories} memories, ${bytes} bytes`),
  },
  {
    name: 'compact',
    usage: '',
    summary: 'Write the files anew, so that deleted texts are in none of them',
    run: (call) => call.open().compact(),
    print: ({ bytes_before, bytes_after }: contract.CompactSummary, call) =>
      call.say(`${bytes_before} bytes before, ${bytes_after} after`),
  },
  {
    name: 'reindex',
    usage: '',
    summary: 'Embed everything anew, after a change of the model',
    run: (call) => call.open().reindex(given({ onProgress: call.progress })),
    print: (done: contract.ReindexSummary, call) => call.say(`${done.reindexed} memories embedded by ${done.model.id}`),
  },
  {
    name: 'stats',
    usage: '',
    summary: 'Count and measure what is there',
    run: (call) => call.open().stats(),
    print(stats: contract.Stats, call) {
      for (const [name, value] of Object.entries(stats)) {
        call.say(`${name.padEnd(16)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      }
    },
  },
  {
    name: 'doctor',
    usage: '',
    summary: 'Check every file and record of a store that is not open',
    flags: { repair: flag },
    help: { repair: 'also mend it: what is whole is saved, damaged files are kept aside' },
    example: 'openmemory doctor --path ./agent-memory',
    async run(call) {
      try {
        return await (call.server === undefined
          ? doctor(directoryOf(text(call.values, 'path')), {
              repair: call.values.repair === true,
              lockWaitMs: lockWaitMs(call.values),
            })
          : asked(call))
      } catch (error) {
        if (error instanceof OpenMemoryError && MEND[error.code]) error.message += `\n${MEND[error.code]}`
        throw error
      }
    },
    failed: isUnwell,
    print: tell,
  },
  {
    name: 'demo',
    creates: true,
    usage: '[EARLIER LATER]',
    summary: 'Show what this does, on the release schedule of Node.js, in a store that goes away',
    example: 'openmemory demo 2018-06-15 2019-06-15',
    async run({ words, values }) {
      const demo = join(__dirname, '..', '..', 'examples', 'demo.mjs')
      // With --json the document alone is on standard output.
      const stdio: [0, 1 | 2, 'pipe'] = [0, values.json ? 2 : 1, 'pipe']
      const { status, error, stderr } = spawnSync(process.execPath, [demo, ...words], { stdio, encoding: 'utf8' })
      if (status === 2) throw new UsageError('two days as YYYY-MM-DD, with a change of a line between them')
      if (status !== 0) throw new Error(error?.message ?? stderr)
      return { ok: true }
    },
  },
]

async function toStandardOutput(pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
}

/** A server looks after its own files; whether it answers can be said from here. */
async function asked(call: Call): Promise<object> {
  if (call.values.repair) throw new UsageError('--repair works on a directory, where no server has it open')
  const om = call.open()
  await om.ready()
  const { memories } = await om.stats()
  return { healthy: true, memories }
}

type Repair = NonNullable<contract.Diagnosis['repair']>

/** A repair that saved everything has left nothing wrong. */
function isUnwell({ healthy, complete, repair }: contract.Diagnosis): boolean {
  return repair === undefined ? !healthy : !complete
}

function tell({ healthy, complete, memories, versions, rows, problems, repair }: contract.Diagnosis, call: Call): void {
  if (repair) {
    mended(repair, call)
  } else if (healthy) {
    const checked = rows === undefined ? 'the server answers' : `${versions} versions, ${rows} records checked`
    call.say(`${styled('green', 'The store is well')}: ${memories} memories, ${checked}.`)
  } else {
    call.say(styled('red', `${problems.length} found:`))
    for (const { id, problem } of problems) call.say(`  ${id === undefined ? '' : `${id}: `}${problem}`)
    for (const line of complete ? WHOLE : BROKEN) call.say(line)
  }
}

function mended({ memories, kept, lost, needs_reindex }: Repair, call: Call): void {
  call.say(`${styled('green', 'Mended')}: ${memories} memories are in the store.`)
  if (kept !== undefined) call.say(`The damaged files are in ${kept}.`)
  if (needs_reindex) call.say('Some memories have lost their vectors: "openmemory reindex" makes them anew.')
  for (const { id, version, commits } of lost) {
    const what = commits === undefined ? (id ?? 'a memory whose id cannot be read') : `${commits} acknowledged changes`
    call.say(`  lost: ${what}${version === undefined ? '' : `, version ${version}`}`)
  }
}

// openmemory migrate: copies all memories from one store to another, and compares what is there afterwards.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type * as contract from '../../../index'
import { invalid } from '../../errors'
import { directoryOf } from '../../native/directory'
import { OpenMemory } from '../../open-memory'
import { type Command, embedder, given, text, UsageError } from '../command'
import { EMBEDDER, EMBEDDER_HELP, STRING } from '../flags'

/** Of the tombstones, those of the source. */
interface Migrated extends contract.ImportSummary {
  memories: number
  versions: number
  /** Lines of the source's export that the target's does not have. */
  missing: number
}

export const migrate: Command = {
  name: 'migrate',
  usage: '',
  summary: 'Copy all memories with their history from a directory to a PostgreSQL database, or back',
  flags: { from: STRING, to: STRING, 'on-conflict': STRING, ...EMBEDDER },
  help: {
    from: 'the store that is read: a directory, or the URL of a database',
    to: 'the store that is written; what it has already is kept',
    'on-conflict': 'if an id has a different history there: report (the default), skip or replace',
    ...EMBEDDER_HELP,
  },
  example: 'openmemory migrate --from ./agent-memory --to postgres://app:secret@127.0.0.1:5432/memories',
  async run({ values, progress }): Promise<Migrated> {
    const [from, to] = [required(text(values, 'from'), 'from'), required(text(values, 'to'), 'to')]
    for (const name of ['path', 'url'] as const) {
      if (values[name] !== undefined) throw new UsageError(`--${name} has no meaning here; use --from and --to`)
    }
    if (!isDatabase(from) && !existsSync(join(directoryOf(from), 'manifest'))) {
      throw invalid('from', `must be the directory of a store, or a URL; there is no store in ${directoryOf(from)}`)
    }
    const onConflict = text(values, 'on-conflict') as contract.ImportOptions['onConflict']
    const model = given({ embedder: embedder(values) })
    const folder = mkdtempSync(join(tmpdir(), 'openmemory-migrate-'))
    const [source, target] = [open(from, model), open(to, model)]
    try {
      const [before, after] = [join(folder, 'before.jsonl'), join(folder, 'after.jsonl')]
      const { memories, versions, tombstones } = await source.exportTo(before)
      // What an interrupted run has copied is skipped.
      const done = await target.importFrom(before, given({ onConflict, onProgress: progress }))
      await target.exportTo(after)
      return { ...done, memories, versions, tombstones, missing: await missing(before, after) }
    } finally {
      await Promise.all([source.close(), target.close()])
      rmSync(folder, { recursive: true, force: true })
    }
  },
  failed: ({ failed, missing }: Migrated) => failed > 0 || missing > 0,
  print({ memories, versions, imported, replaced, skipped, failed, errors, missing }: Migrated, call) {
    call.say(
      `${memories} memories in ${versions} versions: ${imported} copied, ${replaced} replaced, ${skipped} skipped`,
    )
    for (const { line, id, error } of errors) call.say(`  line ${line}, ${id}: ${error.message}`)
    if (failed === 0 && missing === 0) call.say('Compared: the target has every line of the source.')
    else call.say(`Compared: the target lacks ${missing} lines of the source; run it again, or see --on-conflict.`)
  },
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`--${name} is missing`)
  return value
}

function isDatabase(where: string): boolean {
  return /^postgres(ql)?:\/\//.test(where)
}

function open(where: string, model: Pick<contract.DatabaseOptions, 'embedder'>): OpenMemory {
  return new OpenMemory(isDatabase(where) ? { store: where, ...model } : { path: where, ...model })
}

/** How many lines of one export another one lacks. Their first and last lines describe the files. */
async function missing(before: string, after: string): Promise<number> {
  const there = new Set<string>()
  for await (const digest of digests(after)) there.add(digest)
  let lacking = 0
  for await (const digest of digests(before)) if (!there.has(digest)) lacking++
  return lacking
}

async function* digests(file: string): AsyncGenerator<string, void, undefined> {
  let first = true
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!first && !line.startsWith('{"end"')) yield createHash('sha256').update(line).digest('base64')
    first = false
  }
}

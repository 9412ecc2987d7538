// openmemory migrate: copies all memories of all tenants from one store to another, and compares what is there afterwards.

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type * as contract from '../../../index'
import { invalid } from '../../errors'
import type { NativeBackend } from '../../native/backend'
import { checkTenant } from '../../native/database-options'
import { directoryOf } from '../../native/directory'
import { openDatabase, openDirectory } from '../../native/open'
import { KEY_FILE } from '../../native/server'
import { OpenMemory } from '../../open-memory'
import { type Command, embedder, given, text, UsageError } from '../command'
import { EMBEDDER, EMBEDDER_HELP, STRING } from '../flags'

/** Of the tombstones, those of the source. All tenants together. */
interface Migrated extends contract.ImportSummary {
  tenants: string[]
  memories: number
  versions: number
  /** What servers keep beside the memories, such as webhooks, as far as it was not there yet. */
  documents: number
  /** Lines of the source's export that the target's does not have. */
  missing: number
}

const DEFAULT_TENANT = 'default'

export const migrate: Command = {
  name: 'migrate',
  usage: '',
  summary: 'Copy all memories with their history from a directory to a PostgreSQL database, or back',
  flags: { from: STRING, to: STRING, tenant: STRING, 'on-conflict': STRING, ...EMBEDDER },
  help: {
    from: 'the store that is read: a directory, or the URL of a database',
    to: 'the store that is written; what it has already is kept',
    tenant: 'only the memories of this tenant (all tenants)',
    'on-conflict': 'if an id has a different history there: report (the default), skip or replace',
    ...EMBEDDER_HELP,
  },
  example: 'openmemory migrate --from ./agent-memory --to postgres://app:secret@127.0.0.1:5432/memories',
  async run({ values, progress, say }): Promise<Migrated> {
    const [from, to] = [required(text(values, 'from'), 'from'), required(text(values, 'to'), 'to')]
    for (const name of ['path', 'url'] as const) {
      if (values[name] !== undefined) throw new UsageError(`--${name} has no meaning here; use --from and --to`)
    }
    const only = text(values, 'tenant')
    if (only !== undefined) checkTenant(only)
    const onConflict = text(values, 'on-conflict') as contract.ImportOptions['onConflict']
    const options: Options = { ...given({ embedder: embedder(values) }) }
    const tenants = only === undefined ? await tenantsOf(from) : [only]
    if (!isDatabase(from) && !tenants.some((tenant) => existsSync(join(folderOf(from, tenant), 'manifest')))) {
      throw invalid('from', `must be the directory of a store, or a URL; there is no store in ${directoryOf(from)}`)
    }
    const total: Migrated = { ...NOTHING, tenants, errors: [] }
    for (const tenant of tenants) {
      const one = await copy({ from, to, tenant, options, imports: given({ onConflict, onProgress: progress }) })
      for (const name of COUNTS) total[name] += one[name]
      total.errors.push(...one.errors)
    }
    const keys = join(directoryOf(isDatabase(from) ? to : from), KEY_FILE)
    if (existsSync(keys)) say(`Keys stay in ${keys}; a server of the database takes them with --key-file.`)
    return total
  },
  failed: ({ failed, missing }: Migrated) => failed > 0 || missing > 0,
  print(migrated: Migrated, call) {
    const { tenants, memories, versions, imported, replaced, skipped, failed, errors, missing, documents } = migrated
    const of = tenants.length > 1 ? ` of ${tenants.length} tenants` : ''
    call.say(
      `${memories} memories${of} in ${versions} versions: ${imported} copied, ${replaced} replaced, ${skipped} skipped`,
    )
    if (documents > 0) call.say(`${documents} documents of servers, such as webhooks, copied`)
    for (const { line, id, error } of errors) call.say(`  line ${line}, ${id}: ${error.message}`)
    if (failed === 0 && missing === 0) call.say('Compared: the target has every line of the source.')
    else call.say(`Compared: the target lacks ${missing} lines of the source; run it again, or see --on-conflict.`)
  },
}

const NOTHING = {
  ...{ imported: 0, replaced: 0, skipped: 0, failed: 0, tombstones: 0 },
  ...{ memories: 0, versions: 0, documents: 0, missing: 0 },
}
const COUNTS = Object.keys(NOTHING) as (keyof typeof NOTHING)[]

type Options = Pick<contract.DatabaseOptions, 'embedder'>

interface Copy {
  from: string
  to: string
  tenant: string
  options: Options
  imports: contract.ImportOptions
}

/** Copies what a tenant has. */
async function copy({ from, to, tenant, options, imports }: Copy): Promise<Omit<Migrated, 'tenants'>> {
  const folder = mkdtempSync(join(tmpdir(), 'openmemory-migrate-'))
  const [source, target] = [open(from, tenant, options), open(to, tenant, options)]
  const [kept, copies] = [openBackend(from, tenant, options), openBackend(to, tenant, options)]
  try {
    const [before, after] = [join(folder, 'before.jsonl'), join(folder, 'after.jsonl')]
    const { memories, versions, tombstones } = await source.exportTo(before)
    // What an interrupted run has copied is skipped.
    const done = await target.importFrom(before, imports)
    // Last, since a webhook that follows the target is not told what was copied.
    const documents = await copies.addDocuments(await kept.documents())
    await target.exportTo(after)
    return { ...done, memories, versions, tombstones, documents, missing: await missing(before, after) }
  } finally {
    await Promise.all([source, target, kept, copies].map((store) => store.close()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The tenants that have memories, the one of the directory itself first. */
async function tenantsOf(from: string): Promise<string[]> {
  if (isDatabase(from)) {
    const database = openDatabase({ store: from })
    try {
      const tenants = await database.tenants()
      return tenants.length > 0 ? tenants.sort((a, b) => rank(a) - rank(b)) : [DEFAULT_TENANT]
    } finally {
      await database.close()
    }
  }
  const folder = join(directoryOf(from), 'tenants')
  const named = existsSync(folder)
    ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'manifest')))
    : []
  const own = existsSync(join(directoryOf(from), 'manifest')) ? [DEFAULT_TENANT] : []
  return [...own, ...named.sort()]
}

function rank(tenant: string): number {
  return tenant === DEFAULT_TENANT ? 0 : 1
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`--${name} is missing`)
  return value
}

function isDatabase(where: string): boolean {
  return /^postgres(ql)?:\/\//.test(where)
}

function open(where: string, tenant: string, options: Options): OpenMemory {
  const own = isDatabase(where) ? { store: where, tenant } : { path: folderOf(where, tenant) }
  return new OpenMemory({ ...own, ...options } as contract.OpenMemoryOptions)
}

/** The same store, for what has no method there. */
function openBackend(where: string, tenant: string, options: Options): NativeBackend<contract.Metadata> {
  if (isDatabase(where)) return openDatabase({ store: where, tenant, poolSize: 1, ...options })
  return openDirectory({ path: folderOf(where, tenant), ...options })
}

/** Where a directory has the store of a tenant. */
function folderOf(where: string, tenant: string): string {
  const directory = directoryOf(where)
  return tenant === DEFAULT_TENANT ? directory : join(directory, 'tenants', tenant)
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

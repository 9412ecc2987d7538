// Which commands work on memories? Each is one method of the SDK.

import type * as contract from '../../index'
import { utf8 } from '../validate/utf8'
import {
  type Command,
  type Flags,
  given,
  json,
  numberOf,
  numeric,
  oneWord,
  text,
  UsageError,
  type Values,
} from './command'
import { show, showMatch, showVersion } from './print'

const string = { type: 'string' } as const
const several = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

const FILTER: Flags = { filter: string }
const FILTER_HELP = { filter: `which memories, as JSON: '{"user_id": "ada", "tags": "work"}'` }

/** What a change of one memory takes besides. */
function changeOptions(values: Values): contract.UpdateOptions {
  return given({
    ifVersion: numeric(values, 'if-version'),
    actor: text(values, 'actor'),
    reason: text(values, 'reason'),
  })
}

export const MEMORY_COMMANDS: Command[] = [
  {
    name: 'add',
    creates: true,
    scoped: true,
    usage: 'TEXT',
    summary: 'Remember a text; - reads it from standard input',
    flags: {
      tag: several,
      metadata: string,
      agent: string,
      app: string,
      run: string,
      id: string,
      immutable: flag,
      expires: string,
      'if-exists': string,
    },
    help: {
      tag: 'a tag; may be given several times',
      metadata: `fields as JSON: '{"source": "chat"}'`,
      agent: 'the agent_id',
      app: 'the app_id',
      run: 'the run_id',
      id: 'an id of your own',
      immutable: 'refuse updates',
      expires: 'hidden from this time on, such as 2030-01-31',
      'if-exists':
        'where the text is there already: add it again (add), leave it (skip), or merge tags and fields (touch)',
    },
    example: `openmemory add 'Ada drinks tea' --tag taste --user ada`,
    async run(call) {
      const { values } = call
      const content = oneWord(call, 'TEXT')
      const memory = given({
        content: content === '-' ? await standardInput() : content,
        tags: values.tag as string[] | undefined,
        metadata: json<contract.MetadataInput>(values, 'metadata'),
        user_id: text(values, 'user'),
        agent_id: text(values, 'agent'),
        app_id: text(values, 'app'),
        run_id: text(values, 'run'),
        id: text(values, 'id'),
        immutable: values.immutable as boolean | undefined,
        expires_at: text(values, 'expires'),
      })
      const options = given({ ifExists: text(values, 'if-exists') as contract.IfExists | undefined })
      return call.open().addMemory(memory, options)
    },
    print: show,
  },
  {
    name: 'search',
    scoped: true,
    usage: 'QUERY',
    summary: 'Find memories by meaning',
    flags: {
      ...FILTER,
      limit: string,
      k: { ...string, short: 'k' },
      sector: several,
      'min-score': string,
      explain: flag,
    },
    help: {
      ...FILTER_HELP,
      limit: 'maximum number of results, 1 to 1000 (8)',
      k: 'the same as --limit',
      sector: 'only of this sector',
      'min-score': 'only from this score on, 0 to 1',
      explain: 'tell how scores came about',
    },
    example: `openmemory search 'What does Ada drink?' --limit 3`,
    run(call) {
      const { values } = call
      const options = given({
        limit: numeric(values, 'limit'),
        k: numeric(values, 'k'),
        filters: json<contract.Filters>(values, 'filter'),
        sectors: values.sector as contract.Sector[] | undefined,
        minScore: numeric(values, 'min-score'),
        explain: values.explain as boolean | undefined,
      })
      const query = oneWord(call, 'QUERY')
      return call.open().searchMemories(query, options)
    },
    print(matches: contract.MemoryMatch[], call) {
      if (matches.length === 0) call.say('Nothing found.')
      for (const match of matches) showMatch(match, call)
    },
  },
  {
    name: 'get',
    usage: 'ID',
    summary: 'Show a memory, as it is or as it was',
    flags: { version: string, at: string },
    help: { version: 'as it was in this version', at: 'as it was at this time' },
    run(call) {
      const options = given({ version: numeric(call.values, 'version'), at: text(call.values, 'at') })
      const id = oneWord(call, 'ID')
      return call.open().getMemory(id, options)
    },
    print: show,
  },
  {
    name: 'update',
    usage: 'ID',
    summary: 'Change a memory; what is not named stays',
    flags: {
      content: string,
      tag: several,
      'no-tags': flag,
      metadata: string,
      expires: string,
      'if-version': string,
      actor: string,
      reason: string,
    },
    help: {
      content: 'the new text',
      tag: 'replaces all tags; may be given several times',
      'no-tags': 'removes all tags',
      metadata: `fields to merge, null removes one: '{"status": "done", "draft": null}'`,
      expires: 'a time, or never',
      'if-version': 'only if the memory is at this version',
      actor: 'who changes it, kept in the history',
      reason: 'why, kept in the history',
    },
    example: `openmemory update mem_01h… --content 'Ada drinks coffee now' --reason 'she said so'`,
    run(call) {
      const { values } = call
      if (values.tag && values['no-tags']) throw new UsageError('--tag and --no-tags exclude each other')
      const expires = text(values, 'expires')
      const patch = given({
        content: text(values, 'content'),
        tags: values['no-tags'] ? [] : (values.tag as string[] | undefined),
        metadata: json<contract.MetadataInput>(values, 'metadata'),
        expires_at: expires === 'never' ? null : expires,
      })
      const options = changeOptions(values)
      const id = oneWord(call, 'ID')
      return call.open().updateMemory(id, patch, options)
    },
    print: show,
  },
  {
    name: 'history',
    usage: 'ID',
    summary: 'Show what changed, when and why, newest first',
    flags: { limit: string },
    help: { limit: 'how many versions, 1 to 1000 (100)' },
    run(call) {
      const id = oneWord(call, 'ID')
      return call.open().getHistory(id, given({ limit: numeric(call.values, 'limit') }))
    },
    print(versions: contract.MemoryVersion[], call) {
      for (const version of versions) showVersion(version, call)
    },
  },
  {
    name: 'restore',
    usage: 'ID VERSION',
    summary: 'Bring back an earlier version, as a new one',
    flags: { 'if-version': string, actor: string, reason: string },
    help: { 'if-version': 'only if the memory is at this version', actor: 'who does it', reason: 'why' },
    run(call) {
      const [id, version, ...more] = call.words
      if (id === undefined || version === undefined || more.length > 0)
        throw new UsageError('ID and VERSION are needed')
      const { values } = call
      const options = changeOptions(values)
      const number = numberOf(version, 'VERSION')
      return call.open().restoreMemory(id, number, options)
    },
    print: show,
  },
  {
    name: 'delete',
    scoped: true,
    usage: '[ID…]',
    summary: 'Delete memories for good, with their history',
    flags: { ...FILTER, all: flag, 'if-version': string, actor: string, reason: string },
    help: {
      ...FILTER_HELP,
      all: 'every memory',
      'if-version': 'of one ID: only if the memory is at this version',
      actor: 'of one ID: who does it',
      reason: 'of one ID: why',
    },
    example: `openmemory delete --filter '{"user_id": "ada"}'`,
    async run(call) {
      const filters = json<contract.Filters>(call.values, 'filter')
      const ways = [call.words.length > 0, filters !== undefined, call.values.all === true].filter(Boolean).length
      if (ways !== 1) throw new UsageError('name ids, or --filter, or --all')
      if (call.words.length > 0 && call.values.user !== undefined) {
        throw new UsageError('--user goes with --filter or --all; an id names one memory, whosever it is')
      }
      const { values } = call
      const one = changeOptions(values)
      if (call.words.length !== 1 && Object.keys(one).length > 0) {
        throw new UsageError('--if-version, --actor and --reason go with one ID')
      }
      const om = call.open()
      const long = given({ onProgress: call.progress })
      if (call.words.length === 1) return om.deleteMemory(call.words[0] as string, one)
      if (call.words.length > 1) return om.deleteMemories(call.words, long)
      return om.deleteMemories(filters === undefined ? { all: true } : { filters }, long)
    },
    print(
      result: contract.DeletedMemory | contract.ItemResult<contract.DeletedMemory>[] | contract.DeleteSummary,
      call,
    ) {
      if (Array.isArray(result)) {
        for (const item of result)
          call.say(item.ok ? `Deleted ${item.memory.id}` : `Not deleted: ${item.error.message}`)
      } else {
        call.say('ids' in result ? `Deleted ${result.deleted}` : `Deleted ${result.id}`)
      }
    },
  },
  {
    name: 'list',
    scoped: true,
    usage: '',
    summary: 'List memories, newest first',
    flags: { ...FILTER, limit: string, cursor: string, order: string, expired: flag },
    help: {
      ...FILTER_HELP,
      limit: 'how many, 1 to 1000 (100)',
      cursor: 'go on behind the page that told it',
      order: 'created_at:desc, created_at:asc, updated_at:desc or updated_at:asc',
      expired: 'also those that have expired',
    },
    run(call) {
      const { values } = call
      const options = given({
        filters: json<contract.Filters>(values, 'filter'),
        limit: numeric(values, 'limit'),
        cursor: text(values, 'cursor'),
        order: text(values, 'order') as contract.ListOptions['order'],
        showExpired: values.expired as boolean | undefined,
      })
      return call.open().listMemories(options)
    },
    print(page: contract.MemoryPage, call) {
      for (const memory of page.memories) show(memory, call)
      if (page.next_cursor) call.say(`\nMore: --cursor ${page.next_cursor}`)
    },
  },
  {
    name: 'reinforce',
    usage: 'ID',
    summary: 'Make a memory more salient',
    flags: { boost: string },
    help: { boost: 'above 0, at most 1 (0.1)' },
    run(call) {
      const id = oneWord(call, 'ID')
      return call.open().reinforceMemory(id, given({ boost: numeric(call.values, 'boost') }))
    },
    print: show,
  },
]

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return utf8(Buffer.concat(chunks), 'content').replace(/\n$/, '')
}

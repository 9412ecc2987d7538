// openmemory delete: deletes memories, by id or by filter.

import type * as contract from '../../../index'
import { type Command, given, json, UsageError } from '../command'
import { BOOLEAN, CHANGE, changeOptions, FILTER, FILTER_HELP } from '../flags'

export const deleteMemories: Command = {
  name: 'delete',
  scoped: true,
  usage: '[ID…]',
  summary: 'Delete memories permanently, with their history',
  stored: true,
  flags: { ...FILTER, all: BOOLEAN, ...CHANGE },
  help: {
    ...FILTER_HELP,
    all: 'delete all memories',
    'if-version': 'with one ID: only if the memory is at this version',
    actor: 'with one ID: who deletes it',
    reason: 'with one ID: why',
  },
  example: `openmemory delete --filter '{"user_id": "ada"}'`,
  async run(call) {
    const { values, words } = call
    const filters = json<contract.Filters>(values, 'filter')
    const ways = [words.length > 0, filters !== undefined, values.all === true].filter(Boolean).length
    if (ways !== 1) throw new UsageError('give ids, --filter or --all')
    if (words.length > 0 && values.user !== undefined) {
      throw new UsageError('--user requires --filter or --all; an id names one memory, of any user')
    }
    const options = changeOptions(values)
    if (words.length !== 1 && Object.keys(options).length > 0) {
      throw new UsageError('--if-version, --actor and --reason require exactly one ID')
    }
    const om = call.open()
    const long = given({ onProgress: call.progress })
    if (words.length === 1) return om.deleteMemory(words[0] as string, options)
    if (words.length > 1) return om.deleteMemories(words, long)
    return om.deleteMemories(filters === undefined ? { all: true } : { filters }, long)
  },
  print(result: contract.DeletedMemory | contract.ItemResult<contract.DeletedMemory>[] | contract.DeleteSummary, call) {
    if (Array.isArray(result)) {
      for (const item of result) call.say(item.ok ? `Deleted ${item.memory.id}` : `Not deleted: ${item.error.message}`)
    } else {
      call.say('ids' in result ? `Deleted ${result.deleted}` : `Deleted ${result.id}`)
    }
  },
}

// openmemory history: shows the versions of a memory.

import type * as contract from '../../../index'
import { type Command, given, numeric, oneWord } from '../command'
import { STRING } from '../flags'
import { showVersion } from '../print'

export const history: Command = {
  name: 'history',
  usage: 'ID',
  summary: 'Show what changed, when and why, newest first',
  stored: true,
  flags: { limit: STRING },
  help: { limit: 'maximum number of versions, 1 to 1000 (100)' },
  run(call) {
    const id = oneWord(call, 'ID')
    return call.open().getHistory(id, given({ limit: numeric(call.values, 'limit') }))
  },
  print(versions: contract.MemoryVersion[], call) {
    for (const version of versions) showVersion(version, call)
  },
}

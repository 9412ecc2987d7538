// openmemory reindex: embeds all memories again.

import type * as contract from '../../../index'
import { type Command, given } from '../command'
import { EMBEDDER, EMBEDDER_HELP } from '../flags'

export const reindex: Command = {
  name: 'reindex',
  usage: '',
  summary: 'Embed all memories again, after a change of the model',
  stored: true,
  flags: EMBEDDER,
  help: EMBEDDER_HELP,
  run: (call) => call.open().reindex(given({ onProgress: call.progress })),
  print: (done: contract.ReindexSummary, call) => call.say(`${done.reindexed} memories embedded by ${done.model.id}`),
}

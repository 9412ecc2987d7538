// openmemory reindex: embeds all memories again.

import type * as contract from '../../../index'
import { type Command, given } from '../command'

export const reindex: Command = {
  name: 'reindex',
  usage: '',
  summary: 'Embed all memories again, after a change of the model',
  run: (call) => call.open().reindex(given({ onProgress: call.progress })),
  print: (done: contract.ReindexSummary, call) => call.say(`${done.reindexed} memories embedded by ${done.model.id}`),
}

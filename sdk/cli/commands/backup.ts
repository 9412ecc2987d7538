// openmemory backup: copies a store.

import type * as contract from '../../../index'
import { type Command, oneWord } from '../command'

export const backup: Command = {
  name: 'backup',
  usage: 'DIR',
  summary: 'Copy the store while it is in use; with --url, DIR is a name on the server',
  run(call) {
    const dir = oneWord(call, 'DIR')
    return call.open().backup(dir)
  },
  print: ({ memories, bytes }: contract.BackupSummary, call) => call.say(`${memories} memories, ${bytes} bytes`),
}

// openmemory compact: removes deleted text from the files.

import type * as contract from '../../../index'
import type { Command } from '../command'

export const compact: Command = {
  name: 'compact',
  usage: '',
  summary: 'Rewrite the files, so that no file holds deleted text',
  run: (call) => call.open().compact(),
  print: ({ bytes_before, bytes_after }: contract.CompactSummary, call) =>
    call.say(`${bytes_before} bytes before, ${bytes_after} after`),
}

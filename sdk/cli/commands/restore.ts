// openmemory restore: brings back an earlier version of a memory.

import { type Command, numberOf, UsageError } from '../command'
import { CHANGE, CHANGE_HELP, changeOptions } from '../flags'
import { show } from '../print'

export const restore: Command = {
  name: 'restore',
  usage: 'ID VERSION',
  summary: 'Restore an earlier version, as a new version',
  stored: true,
  flags: CHANGE,
  help: CHANGE_HELP,
  run(call) {
    const [id, version, ...more] = call.words
    if (id === undefined || version === undefined || more.length > 0) {
      throw new UsageError('ID and VERSION are required')
    }
    const options = changeOptions(call.values)
    const number = numberOf(version, 'VERSION')
    return call.open().restoreMemory(id, number, options)
  },
  print: show,
}

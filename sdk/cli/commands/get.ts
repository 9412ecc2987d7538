// openmemory get: shows one memory.

import { type Command, given, numeric, oneWord } from '../command'
import { pointInTime, STRING, TIME, TIME_HELP } from '../flags'
import { show } from '../print'

export const get: Command = {
  name: 'get',
  usage: 'ID',
  summary: 'Show a memory, as it is or as it was',
  stored: true,
  flags: { version: STRING, ...TIME },
  help: { version: 'the memory in this version', ...TIME_HELP },
  run(call) {
    const options = given({ version: numeric(call.values, 'version'), ...pointInTime(call.values) })
    const id = oneWord(call, 'ID')
    return call.open().getMemory(id, options)
  },
  print: show,
}

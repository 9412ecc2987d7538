// openmemory get: shows one memory.

import { type Command, given, numeric, oneWord, text } from '../command'
import { STRING } from '../flags'
import { show } from '../print'

export const get: Command = {
  name: 'get',
  usage: 'ID',
  summary: 'Show a memory, as it is or as it was',
  flags: { version: STRING, at: STRING },
  help: { version: 'the memory in this version', at: 'the memory at this time' },
  run(call) {
    const options = given({ version: numeric(call.values, 'version'), at: text(call.values, 'at') })
    const id = oneWord(call, 'ID')
    return call.open().getMemory(id, options)
  },
  print: show,
}

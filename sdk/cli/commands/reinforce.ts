// openmemory reinforce: makes a memory more salient.

import { type Command, given, numeric, oneWord } from '../command'
import { STRING } from '../flags'
import { show } from '../print'

export const reinforce: Command = {
  name: 'reinforce',
  usage: 'ID',
  summary: 'Make a memory more salient',
  stored: true,
  flags: { boost: STRING },
  help: { boost: 'how much, above 0 and at most 1 (0.1)' },
  run(call) {
    const id = oneWord(call, 'ID')
    return call.open().reinforceMemory(id, given({ boost: numeric(call.values, 'boost') }))
  },
  print: show,
}

// openmemory retire: records that a memory has ended or was wrong.

import { type Command, given, oneWord, text } from '../command'
import { BOOLEAN, CHANGE, CHANGE_HELP, changeOptions, STRING } from '../flags'
import { show } from '../print'

export const retire: Command = {
  name: 'retire',
  usage: 'ID',
  summary: 'Say that a memory is not true any longer; list and search leave it out',
  stored: true,
  flags: { 'valid-to': STRING, wrong: BOOLEAN, ...CHANGE },
  help: {
    'valid-to': 'until when it was true, such as 2024, 2024-05 or 2024-05-17 (now)',
    wrong: 'it never was true',
    ...CHANGE_HELP,
  },
  run(call) {
    const { values } = call
    const options = given({
      ...changeOptions(values),
      why: values.wrong === true ? ('wrong' as const) : undefined,
      valid_to: text(values, 'valid-to'),
    })
    const id = oneWord(call, 'ID')
    return call.open().retireMemory(id, options)
  },
  print: show,
}

// openmemory context: writes memories for a prompt.

import type * as contract from '../../../index'
import { type Command, given, json, numeric, oneWord, text } from '../command'
import { FILTER, FILTER_HELP, pointInTime, STRING, TIME, TIME_HELP } from '../flags'

export const context: Command = {
  name: 'context',
  scoped: true,
  usage: 'QUERY',
  summary: 'Write the memories that answer a question as a block for a prompt',
  stored: true,
  flags: { ...FILTER, tokens: STRING, order: STRING, history: STRING, ...TIME },
  help: {
    ...FILTER_HELP,
    tokens: 'maximum number of tokens, about one for three bytes (1000)',
    order: 'time, newest truth first, or relevance',
    history: 'how many texts that were true before are told with each memory (2)',
    ...TIME_HELP,
  },
  example: `openmemory context 'Where does Ada live?' --tokens 300`,
  run(call) {
    const { values } = call
    const options = given({
      filters: json<contract.Filters>(values, 'filter'),
      tokens: numeric(values, 'tokens'),
      order: text(values, 'order') as contract.ContextOptions['order'],
      history: numeric(values, 'history'),
      ...pointInTime(values),
    })
    const query = oneWord(call, 'QUERY')
    return call.open().context(query, options)
  },
  print(block: contract.ContextBlock, call) {
    call.say(block.text === '' ? 'No results.' : block.text)
  },
}

// openmemory add: stores a text.

import type * as contract from '../../../index'
import { type Command, given, json, oneWord, text } from '../command'
import { BOOLEAN, STRING, STRINGS, VALID, VALID_HELP } from '../flags'
import { show } from '../print'
import { textOrInput } from '../standard-input'

export const add: Command = {
  name: 'add',
  creates: true,
  scoped: true,
  usage: 'TEXT',
  summary: 'Store a memory; TEXT - reads it from standard input',
  stored: true,
  flags: {
    tag: STRINGS,
    metadata: STRING,
    agent: STRING,
    app: STRING,
    run: STRING,
    id: STRING,
    immutable: BOOLEAN,
    expires: STRING,
    ...VALID,
    'if-exists': STRING,
  },
  help: {
    tag: 'a tag; can be repeated',
    metadata: `fields as JSON: '{"source": "chat"}'`,
    agent: 'the agent_id',
    app: 'the app_id',
    run: 'the run_id',
    id: 'an id of your own',
    immutable: 'refuse updates',
    expires: 'hide the memory from this time on, such as 2030-01-31',
    ...VALID_HELP,
    'if-exists': 'if the text is already stored: add it again (add), keep it (skip), or merge tags and fields (touch)',
  },
  example: `openmemory add 'Ada drinks tea' --tag taste --user ada`,
  async run(call) {
    const { values } = call
    const memory = given({
      content: await textOrInput(oneWord(call, 'TEXT')),
      tags: values.tag as string[] | undefined,
      metadata: json<contract.MetadataInput>(values, 'metadata'),
      user_id: text(values, 'user'),
      agent_id: text(values, 'agent'),
      app_id: text(values, 'app'),
      run_id: text(values, 'run'),
      id: text(values, 'id'),
      immutable: values.immutable as boolean | undefined,
      expires_at: text(values, 'expires'),
      valid_from: text(values, 'valid-from'),
      valid_to: text(values, 'valid-to'),
    })
    const options = given({ ifExists: text(values, 'if-exists') as contract.IfExists | undefined })
    return call.open().addMemory(memory, options)
  },
  print: show,
}

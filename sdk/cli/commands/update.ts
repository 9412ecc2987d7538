// openmemory update: changes one memory.

import type * as contract from '../../../index'
import { type Command, given, json, oneWord, text, UsageError, type Values } from '../command'
import { BOOLEAN, CHANGE, CHANGE_HELP, changeOptions, STRING, STRINGS, VALID } from '../flags'
import { show } from '../print'
import { textOrInput } from '../standard-input'

export const update: Command = {
  name: 'update',
  usage: 'ID',
  summary: 'Change a memory; fields that are not given keep their value',
  stored: true,
  flags: {
    ...{ content: STRING, tag: STRINGS, 'no-tags': BOOLEAN, metadata: STRING, expires: STRING },
    ...{ ...VALID, correction: BOOLEAN, ...CHANGE },
  },
  help: {
    content: 'the new text; - reads it from standard input',
    tag: 'replaces all tags; can be repeated',
    'no-tags': 'remove all tags',
    metadata: `fields to merge; null removes one: '{"status": "done", "draft": null}'`,
    expires: 'a time, or never',
    'valid-from': 'since when it is true (now, for a new text), or unknown',
    'valid-to': 'until when it is true, or unknown',
    correction: 'the version before was wrong, so that its dates stay',
    ...CHANGE_HELP,
  },
  example: `openmemory update mem_01h… --content 'Ada drinks coffee now' --reason 'she said so'`,
  async run(call) {
    const { values } = call
    if (values.tag && values['no-tags']) throw new UsageError('--tag and --no-tags exclude each other')
    const [content, expires] = [text(values, 'content'), text(values, 'expires')]
    const id = oneWord(call, 'ID')
    const patch = given({
      content: content === undefined ? undefined : await textOrInput(content),
      tags: values['no-tags'] ? [] : (values.tag as string[] | undefined),
      metadata: json<contract.MetadataPatch>(values, 'metadata'),
      expires_at: expires === 'never' ? null : expires,
      valid_from: known(values, 'valid-from'),
      valid_to: known(values, 'valid-to'),
    })
    const options = { ...changeOptions(values), ...(values.correction === true && { correction: true }) }
    return call.open().updateMemory(id, patch, options)
  },
  print: show,
}

/** A date, or null for `unknown`. */
function known(values: Values, name: string): string | null | undefined {
  const date = text(values, name)
  return date === 'unknown' ? null : date
}

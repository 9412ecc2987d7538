// openmemory mcp: serves the memories to a model as MCP tools.

import { addAbortSignal } from 'node:stream'
import type { EmbeddedOptions } from '../../../index'
import { converse } from '../../mcp/rpc'
import { Session } from '../../mcp/session'
import { directoryOf } from '../../native/directory'
import { type Command, text, UsageError } from '../command'
import { languageModel } from '../language-model'
import { SharedStore } from '../shared-store'
import { untilStopped } from '../signals'
import { VERSION } from '../version'

export const mcp: Command = {
  name: 'mcp',
  creates: true,
  scoped: true,
  usage: '',
  summary: 'Give a model the memories as tools, over standard input and output; --user limits it to one user',
  example: `openmemory mcp --path ~/memories --user ada`,
  async run(call) {
    if (call.values.json) throw new UsageError('mcp does not take --json; standard output carries JSON-RPC')
    const directory = directoryOf(text(call.values, 'path'))
    const where = call.server === undefined ? `in ${directory}` : `on ${call.server}`
    // Several hosts may start this command for one directory.
    const shared = call.server === undefined ? new SharedStore(directory, call.options() as EmbeddedOptions) : undefined
    const userId = text(call.values, 'user')
    const session = new Session(shared?.memories() ?? call.open(), {
      ...{ version: VERSION, where, userId },
      learns: languageModel() !== undefined,
    })
    // Hosts keep standard error as the server's log.
    process.stderr.write(`openmemory: memories of ${userId ?? 'all users'} ${where}\n`)
    const end = new AbortController()
    untilStopped().then(() => end.abort())
    await converse(addAbortSignal(end.signal, process.stdin), process.stdout, (...request) =>
      session.answer(...request),
    ).catch((error) => {
      if (!end.signal.aborted) throw error
    })
    await shared?.close()
    return undefined
  },
}

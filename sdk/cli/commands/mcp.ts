// openmemory mcp: serves the memories to a model as MCP tools.

import { addAbortSignal } from 'node:stream'
import type { EmbeddedOptions } from '../../../index'
import { hostModel } from '../../mcp/host-model'
import { type Answer, Asking, converse } from '../../mcp/rpc'
import { Session } from '../../mcp/session'
import { directoryOf } from '../../native/directory'
import { type Call, type Command, text, UsageError } from '../command'
import { STRING } from '../flags'
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
  flags: { model: STRING },
  help: { model: "'host' to learn with the host's own model, where it offers sampling" },
  example: `openmemory mcp --path ~/memories --user ada`,
  async run(call) {
    if (call.values.json) throw new UsageError('mcp does not take --json; standard output carries JSON-RPC')
    const directory = directoryOf(text(call.values, 'path'))
    const where = call.server === undefined ? `in ${directory}` : `on ${call.server}`
    // Several hosts may start this command for one directory.
    const asking = new Asking()
    const samples = samplesOf(call)
    const model = samples ? { languageModel: hostModel(asking) } : {}
    const options = { ...(call.options() as EmbeddedOptions), ...model }
    const shared = call.server === undefined ? new SharedStore(directory, options) : undefined
    const userId = text(call.values, 'user')
    const session = new Session(shared?.memories() ?? call.open(), {
      ...{ version: VERSION, where, userId, obstacle: () => shared?.obstacle() },
      ...{ learns: samples || languageModel() !== undefined, samples },
    })
    // Hosts keep standard error as the server's log.
    process.stderr.write(`openmemory: memories of ${userId ?? 'all users'} ${where}\n`)
    const end = new AbortController()
    untilStopped().then(() => end.abort())
    const input = addAbortSignal(end.signal, process.stdin)
    const answer: Answer = (...request) => session.answer(...request)
    await converse(input, process.stdout, answer, asking).catch((error) => {
      if (!end.signal.aborted) throw error
    })
    await shared?.close()
    return undefined
  },
}

function samplesOf({ values, server }: Call): boolean {
  const model = text(values, 'model')
  if (model === undefined) return false
  if (model !== 'host') throw new UsageError("--model must be 'host'; OPENMEMORY_LLM_URL and _MODEL name another one")
  if (server !== undefined) throw new UsageError('--model is for a directory; a server has a model of its own')
  if (languageModel() !== undefined) throw new UsageError('--model host and OPENMEMORY_LLM_URL exclude each other')
  return true
}

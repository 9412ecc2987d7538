// What does a host ask in the Model Context Protocol, and what is the answer? One session per host.

import { OpenMemoryError } from '../errors'
import type { OpenMemory } from '../open-memory'
import { isPlainObject } from '../validate/json'
import { inToolSpelling, readArguments } from './arguments'
import { type Memories, pinnedTo } from './pinned'
import { ErrorCode, type Exchange, RpcError } from './rpc'
import { described, type Tool, toolsFor } from './tools'

/** The supported versions of the protocol, newest first. What differs between them is not used here. */
const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']

const INSTRUCTIONS =
  'Long-term memory. Search before you answer a question that may have come up earlier, and before you add a memory. ' +
  'When a fact has changed, update the memory that states it; do not add a second one.'

const PROGRESS_MS = 1000

export interface SessionOptions {
  /** The version of this package. */
  version: string
  /** The location of the memories: `in /home/ada/memories`, `on http://localhost:8080`. */
  where: string
  /** Limits the session to this user. */
  userId?: string | undefined
}

export class Session {
  readonly #memories: Memories
  readonly #tools: Tool[]
  readonly #options: SessionOptions
  /** The host's name. */
  #actor: string | undefined

  constructor(om: OpenMemory, options: SessionOptions) {
    this.#options = options
    this.#memories = options.userId === undefined ? om : pinnedTo(options.userId, om)
    this.#tools = toolsFor(options.userId !== undefined)
  }

  /** Answers a request; throws an {@link RpcError} if it is invalid. */
  async answer(method: string, params: unknown, exchange: Exchange): Promise<object> {
    switch (method) {
      case 'initialize':
        return this.#initialize(params)
      case 'ping':
        return {}
      case 'tools/list':
        return { tools: this.#tools.map(described) }
      case 'tools/call':
        return this.#call(params, exchange)
      default:
        throw new RpcError(ErrorCode.MethodNotFound, `there is no method ${method}`)
    }
  }

  #initialize(params: unknown): object {
    const { protocolVersion, clientInfo } = isPlainObject(params) ? params : {}
    if (typeof protocolVersion !== 'string') {
      throw new RpcError(ErrorCode.InvalidParams, 'protocolVersion must be a string')
    }
    const name = isPlainObject(clientInfo) ? clientInfo.name : undefined
    // The history accepts 256 characters.
    this.#actor = typeof name === 'string' && name !== '' ? name.slice(0, 256) : undefined
    return {
      // For an unknown version, the newest one is offered; the host decides.
      protocolVersion: VERSIONS.includes(protocolVersion) ? protocolVersion : VERSIONS[0],
      capabilities: { tools: {} },
      serverInfo: { name: 'openmemory', title: 'OpenMemory', version: this.#options.version },
      instructions: `${INSTRUCTIONS} ${this.#where()}`,
    }
  }

  async #call(params: unknown, { signal, notify }: Exchange): Promise<object> {
    const { name, arguments: args, _meta: meta } = isPlainObject(params) ? params : ({} as Record<string, unknown>)
    const tool = this.#tools.find((tool) => tool.name === name)
    if (!tool)
      throw new RpcError(ErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name) ?? 'without a name'}`)
    const stopProgress = reportProgress(isPlainObject(meta) ? meta.progressToken : undefined, notify)
    try {
      const read = readArguments(tool, args)
      const { text, data } = await tool.run(this.#memories, read, { actor: this.#actor, signal }).catch((error) => {
        throw inToolSpelling(error)
      })
      return { content: [{ type: 'text', text: JSON.stringify(text) }], structuredContent: data }
    } catch (error) {
      if (!(error instanceof OpenMemoryError)) throw error
      // For the model, which can correct its call, not for the host.
      const { code, message, details } = error
      return { content: [{ type: 'text', text: JSON.stringify({ code, message, details }) }], isError: true }
    } finally {
      stopProgress()
    }
  }

  #where(): string {
    const { where, userId } = this.#options
    return userId === undefined ? `The memories are ${where}.` : `These are the memories of ${userId}, ${where}.`
  }
}

/** Tells the host each second that the call goes on, so that it does not give up; a long text can take more than 10 s. */
function reportProgress(token: unknown, notify: Exchange['notify']): () => void {
  if (typeof token !== 'string' && typeof token !== 'number') return () => {}
  let progress = 0
  const timer = setInterval(() => {
    progress += 1
    notify('notifications/progress', { progressToken: token, progress, message: `${progress} s` })
  }, PROGRESS_MS)
  return () => clearInterval(timer)
}

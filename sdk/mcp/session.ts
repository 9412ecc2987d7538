// What does a host ask in the Model Context Protocol, and what is the answer? One session per host.

import { OpenMemoryError } from '../errors'
import { isPlainObject } from '../validate/json'
import { inToolSpelling, readArguments } from './arguments'
import { offersSampling } from './host-model'
import { type Learner, learningTools } from './learning-tools'
import { type Memories, pinnedTo } from './pinned'
import { CallProgress } from './progress'
import { complete, type Envelope, envelopeOf, NOT_CACHED, nameOf, REQUEST_VERSIONS, SESSION_VERSIONS } from './protocol'
import { ErrorCode, type Exchange, RpcError } from './rpc'
import type { Tool } from './tool'
import { described, toolsFor } from './tools'

const INSTRUCTIONS =
  'Long-term memory. Search before you answer a question that may have come up earlier, and before you add a memory. ' +
  'When a fact has changed, update the memory that states it; do not add a second one.'

export interface SessionOptions {
  /** The version of this package. */
  version: string
  /** The location of the memories: `in /home/ada/memories`, `on http://localhost:8080`. */
  where: string
  /** Limits the session to this user. */
  userId?: string | undefined
  /** Why calls are refused at the moment, if they are. */
  obstacle?: (() => Promise<string | undefined> | undefined) | undefined
  /** The host's name, if it is known before the session begins. */
  actor?: string | undefined
  /** Whether the store has a language model. */
  learns?: boolean | undefined
  /** Whether this model is the host's own, so that tools that learn are there only where the host offers it. */
  samples?: boolean | undefined
}

export class Session {
  readonly #memories: Memories
  #tools: Tool[]
  readonly #options: SessionOptions
  /** The host's name. */
  #actor: string | undefined

  constructor(om: Memories & Learner, options: SessionOptions) {
    this.#options = options
    this.#actor = options.actor
    this.#memories = options.userId === undefined ? om : pinnedTo(options.userId, om)
    const { userId, learns } = options
    this.#tools = [...toolsFor(userId !== undefined), ...(learns ? learningTools(om, userId) : [])]
  }

  /** Answers a request; throws an {@link RpcError} if it is invalid. */
  async answer(method: string, params: unknown, exchange: Exchange): Promise<object> {
    const envelope = envelopeOf(params)
    if (envelope !== undefined) {
      const result = await this.#answerAlone(method, params, exchange, envelope)
      return complete(result, this.#serverInfo())
    }
    switch (method) {
      case 'initialize':
        return this.#initialize(params)
      case 'ping':
        return {}
      case 'tools/list':
        return { tools: this.#tools.map(described) }
      case 'tools/call':
        return this.#call(params, exchange, this.#actor)
      default:
        throw noMethod(method)
    }
  }

  /** Answers a request that describes itself. */
  async #answerAlone(method: string, params: unknown, exchange: Exchange, { client }: Envelope): Promise<object> {
    switch (method) {
      case 'server/discover':
        return {
          supportedVersions: REQUEST_VERSIONS,
          ...{ capabilities: { tools: {} }, instructions: await this.#instructions(), ...NOT_CACHED },
        }
      case 'tools/list':
        return { tools: this.#tools.map(described), ...NOT_CACHED }
      case 'tools/call':
        return this.#call(params, exchange, client ?? this.#actor)
      default:
        throw noMethod(method)
    }
  }

  async #initialize(params: unknown): Promise<object> {
    const { protocolVersion, clientInfo, capabilities } = isPlainObject(params) ? params : {}
    if (typeof protocolVersion !== 'string') {
      throw new RpcError(ErrorCode.InvalidParams, 'protocolVersion must be a string')
    }
    this.#actor = nameOf(clientInfo)
    const { samples, userId } = this.#options
    if (samples && !offersSampling(capabilities)) this.#tools = toolsFor(userId !== undefined)
    return {
      // For an unknown version, the newest one is offered; the host decides.
      protocolVersion: SESSION_VERSIONS.includes(protocolVersion) ? protocolVersion : SESSION_VERSIONS[0],
      capabilities: { tools: {} },
      serverInfo: this.#serverInfo(),
      instructions: await this.#instructions(),
    }
  }

  async #call(params: unknown, { signal, notify }: Exchange, actor: string | undefined): Promise<object> {
    const { name, arguments: args, _meta: meta } = isPlainObject(params) ? params : ({} as Record<string, unknown>)
    const tool = this.#tools.find((tool) => tool.name === name)
    if (!tool)
      throw new RpcError(ErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name) ?? 'without a name'}`)
    const progress = new CallProgress(isPlainObject(meta) ? meta.progressToken : undefined, notify)
    try {
      const read = readArguments(tool, args)
      const call = { actor, signal, onProgress: progress.report }
      const { text, data } = await tool.run(this.#memories, read, call).catch((error) => {
        throw inToolSpelling(error)
      })
      return { content: [{ type: 'text', text: JSON.stringify(text) }], structuredContent: data }
    } catch (error) {
      if (!(error instanceof OpenMemoryError)) throw error
      // For the model, which can correct its call, not for the host.
      const { code, message, details } = error
      return { content: [{ type: 'text', text: JSON.stringify({ code, message, details }) }], isError: true }
    } finally {
      progress.end()
    }
  }

  #serverInfo(): object {
    return { name: 'openmemory', title: 'OpenMemory', version: this.#options.version }
  }

  async #instructions(): Promise<string> {
    const { where, userId, obstacle } = this.#options
    const whose = userId === undefined ? 'The memories are' : `These are the memories of ${userId},`
    const refused = await obstacle?.()
    const now = refused === undefined ? '' : ` At the moment they cannot be reached, and calls are refused: ${refused}.`
    return `${INSTRUCTIONS} ${whose} ${where}.${now}`
  }
}

function noMethod(method: string): RpcError {
  return new RpcError(ErrorCode.MethodNotFound, `there is no method ${method}`)
}

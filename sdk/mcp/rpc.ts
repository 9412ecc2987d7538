// How are messages exchanged? As JSON-RPC 2.0: a message for each line, or for each request over HTTP.

import type { Readable, Writable } from 'node:stream'
import { linesOf } from '../lines'
import { isPlainObject } from '../validate/json'
import { utf8 } from '../validate/utf8'
import type { InProgress } from './in-progress'

export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  /** The headers of a request contradict its body. */
  HeaderMismatch: -32020,
  UnsupportedProtocolVersion: -32022,
} as const

export class RpcError extends Error {
  constructor(
    readonly code: (typeof ErrorCode)[keyof typeof ErrorCode],
    message: string,
    readonly data?: object,
  ) {
    super(message)
  }
}

/** What a request that is being answered can do beside its answer. */
export interface Exchange {
  /** Fires when the host cancels the request; then nothing is answered. */
  signal: AbortSignal
  notify(method: string, params: object): void
}

export type Answer = (method: string, params: unknown, exchange: Exchange) => Promise<object>

/** Notifications that concern a request in progress. */
const CANCELLED = 'notifications/cancelled'

export type Reply = { jsonrpc: '2.0'; id: unknown } & (
  | { result: object }
  | { error: { code: number; message: string; data?: object } }
)

/** Requests to the host, and its answers to them. */
export class Asking {
  readonly #waiting = new Map<string, { resolve(result: unknown): void; reject(error: Error): void }>()
  #write: ((message: object) => void) | undefined
  #last = 0

  /** Begins to send; until then, and after the host has gone, requests are refused. */
  begin(write: ((message: object) => void) | undefined): void {
    this.#write = write
    if (write) return
    for (const { reject } of this.#waiting.values()) reject(new Error('the host has gone'))
    this.#waiting.clear()
  }

  ask(method: string, params: object, signal: AbortSignal): Promise<unknown> {
    const id = `openmemory-${++this.#last}`
    return new Promise((resolve, reject) => {
      if (!this.#write) return reject(new Error('there is no host to ask'))
      this.#waiting.set(id, { resolve, reject })
      this.#write({ jsonrpc: '2.0', id, method, params })
      signal.addEventListener('abort', () => {
        if (!this.#waiting.delete(id)) return
        this.#write?.({ jsonrpc: '2.0', method: CANCELLED, params: { requestId: id } })
        reject(signal.reason)
      })
    })
  }

  answered({ id, result, error }: Record<string, unknown>): void {
    const waiting = this.#waiting.get(id as string)
    this.#waiting.delete(id as string)
    const why = isPlainObject(error) && typeof error.message === 'string' ? error.message : 'it refused'
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(why))
  }
}

/** Answers each line of `input`, several concurrently; resolves when the input has ended and every line is answered. */
export async function converse(
  input: Readable,
  output: Writable,
  answer: Answer,
  asking = new Asking(),
): Promise<void> {
  const pending = new Set<Promise<void>>()
  const write = (message: object) => output.write(`${JSON.stringify(message)}\n`)
  const notify = (method: string, params: object) => write({ jsonrpc: '2.0', method, params })
  const requests = new Requests(answer, notify, asking)
  asking.begin(write)
  for await (const line of messages(input)) {
    if (line.every((byte) => byte <= 0x20)) continue
    const replying = replyToLine(line, requests).then((answered) => {
      if (answered !== undefined) write(answered)
    })
    pending.add(replying)
    replying.finally(() => pending.delete(replying))
  }
  // What waits for the host would wait for ever.
  asking.begin(undefined)
  await Promise.all(pending)
}

/** The last line of a host that exits may lack its line break. */
async function* messages(input: Readable): AsyncGenerator<Uint8Array> {
  yield yield* linesOf(input)
}

async function replyToLine(line: Uint8Array, requests: Requests): Promise<Reply | Reply[] | undefined> {
  let message: unknown
  try {
    message = parsed(utf8(line, 'the line'))
  } catch (error) {
    return refused(null, new RpcError(ErrorCode.ParseError, (error as Error).message))
  }
  return reply(message, requests)
}

/** @throws {RpcError} for what is not JSON */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RpcError(ErrorCode.ParseError, 'the message is not JSON')
  }
}

/** The answer to a message or a batch; undefined if nothing in it asks for one. */
export async function reply(message: unknown, requests: Requests): Promise<Reply | Reply[] | undefined> {
  if (!Array.isArray(message)) return one(message, requests)
  if (message.length === 0) return refused(null, new RpcError(ErrorCode.InvalidRequest, 'the batch is empty'))
  const replies = (await Promise.all(message.map((part) => one(part, requests)))).filter(
    (answered) => answered !== undefined,
  )
  return replies.length > 0 ? replies : undefined
}

/** Undefined for a notification, and for a response. */
async function one(message: unknown, requests: Requests): Promise<Reply | undefined> {
  const { jsonrpc, id, method, params } = isPlainObject(message) ? message : ({} as Record<string, unknown>)
  const named = typeof id === 'string' || typeof id === 'number'
  if (isPlainObject(message) && method === undefined && ('result' in message || 'error' in message)) {
    requests.asking.answered(message)
    return undefined
  }
  if (jsonrpc !== '2.0' || typeof method !== 'string' || (id !== undefined && !named)) {
    return refused(named ? id : null, new RpcError(ErrorCode.InvalidRequest, 'this is not a JSON-RPC 2.0 request'))
  }
  if (id === undefined) {
    if (method === CANCELLED) requests.cancel(params)
    return undefined
  }
  return requests.run(id, method, params)
}

/** The requests in progress, by id. */
export class Requests {
  readonly #answer: Answer
  readonly #notify: Exchange['notify']
  readonly #running: InProgress
  /** Those that this object has begun; others of the session may be in progress beside them. */
  readonly #own = new Set<AbortController>()

  constructor(
    answer: Answer,
    notify: Exchange['notify'],
    readonly asking = new Asking(),
    running: InProgress = new Map(),
  ) {
    this.#answer = answer
    this.#notify = notify
    this.#running = running
  }

  async run(id: unknown, method: string, params: unknown): Promise<Reply | undefined> {
    const stop = new AbortController()
    this.#running.set(id, stop)
    this.#own.add(stop)
    try {
      const exchange = { signal: stop.signal, notify: this.#notify }
      const result = await this.#answer(method, params, exchange)
      return stop.signal.aborted ? undefined : { jsonrpc: '2.0', id, result }
    } catch (error) {
      return stop.signal.aborted ? undefined : refused(id, error)
    } finally {
      this.#own.delete(stop)
      if (this.#running.get(id) === stop) this.#running.delete(id)
    }
  }

  cancel(params: unknown): void {
    if (isPlainObject(params)) this.#running.get(params.requestId)?.abort()
  }

  /** Nobody waits for the answers any longer. */
  end(): void {
    for (const stop of this.#own) stop.abort()
  }
}

export function refused(id: unknown, error: unknown): Reply {
  if (!(error instanceof RpcError)) {
    return { jsonrpc: '2.0', id, error: { code: ErrorCode.InternalError, message: (error as Error).message } }
  }
  const { code, message, data } = error
  return { jsonrpc: '2.0', id, error: { code, message, ...(data && { data }) } }
}

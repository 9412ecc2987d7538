// How are messages exchanged? As JSON-RPC 2.0, one message per line.

import type { Readable, Writable } from 'node:stream'
import { linesOf } from '../lines'
import { isPlainObject } from '../validate/json'
import { utf8 } from '../validate/utf8'

export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
} as const

export class RpcError extends Error {
  constructor(
    readonly code: (typeof ErrorCode)[keyof typeof ErrorCode],
    message: string,
  ) {
    super(message)
  }
}

export type Answer = (method: string, params: unknown) => Promise<object>

type Reply = { jsonrpc: '2.0'; id: unknown } & ({ result: object } | { error: { code: number; message: string } })

/** Answers each line of `input`, several concurrently; resolves when the input has ended and every line is answered. */
export async function converse(input: Readable, output: Writable, answer: Answer): Promise<void> {
  const pending = new Set<Promise<void>>()
  for await (const line of messages(input)) {
    if (line.every((byte) => byte <= 0x20)) continue
    const replying = reply(line, answer).then((answered) => {
      if (answered !== undefined) output.write(`${JSON.stringify(answered)}\n`)
    })
    pending.add(replying)
    replying.finally(() => pending.delete(replying))
  }
  await Promise.all(pending)
}

/** The last line of a host that exits may lack its line break. */
async function* messages(input: Readable): AsyncGenerator<Uint8Array> {
  yield yield* linesOf(input)
}

async function reply(line: Uint8Array, answer: Answer): Promise<Reply | Reply[] | undefined> {
  let message: unknown
  try {
    message = JSON.parse(utf8(line, 'the line'))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'the line is not JSON' : (error as Error).message
    return refused(null, new RpcError(ErrorCode.ParseError, why))
  }
  if (!Array.isArray(message)) return one(message, answer)
  if (message.length === 0) return refused(null, new RpcError(ErrorCode.InvalidRequest, 'the batch is empty'))
  const replies = (await Promise.all(message.map((part) => one(part, answer)))).filter(
    (answered) => answered !== undefined,
  )
  return replies.length > 0 ? replies : undefined
}

/** Undefined for a notification, and for a response to a request that was never sent. */
async function one(message: unknown, answer: Answer): Promise<Reply | undefined> {
  const { jsonrpc, id, method, params } = isPlainObject(message) ? message : ({} as Record<string, unknown>)
  const named = typeof id === 'string' || typeof id === 'number'
  if (isPlainObject(message) && method === undefined && ('result' in message || 'error' in message)) return undefined
  if (jsonrpc !== '2.0' || typeof method !== 'string' || (id !== undefined && !named)) {
    return refused(named ? id : null, new RpcError(ErrorCode.InvalidRequest, 'this is not a JSON-RPC 2.0 request'))
  }
  if (id === undefined) return undefined
  try {
    return { jsonrpc: '2.0', id, result: await answer(method, params) }
  } catch (error) {
    return refused(id, error)
  }
}

function refused(id: unknown, error: unknown): Reply {
  const { code, message } =
    error instanceof RpcError ? error : { code: ErrorCode.InternalError, message: (error as Error).message }
  return { jsonrpc: '2.0', id, error: { code, message } }
}

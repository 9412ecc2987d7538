// How is the protocol spoken over HTTP? Each message is a request of its own, and nothing is kept between two of them: the id of
// a session is what `initialize` told, so that any process could answer the next request. What is in progress can be cancelled.

import { randomUUID } from 'node:crypto'
import type { OpenMemory } from '../../index'
import { onAbort } from '../abort'
import { isPlainObject } from '../validate/json'
import type { InProgress } from './in-progress'
import { envelopeOf, nameOf, REQUEST_VERSIONS, SESSION_VERSIONS } from './protocol'
import { Asking, ErrorCode, parsed, type Reply, Requests, RpcError, refused, reply } from './rpc'
import { Session } from './session'

/** A `POST /mcp`. */
export interface McpRequest {
  /** By their names in lower case. */
  headers: Record<string, string>
  /** Whose memories the session is limited to: `?user=` of the address. */
  user?: string
  body: string
}

export interface McpResponse {
  status: number
  headers: Record<string, string>
  /** JSON; absent where nothing is answered. */
  body?: string
}

export const SESSION_ID = 'mcp-session-id'
const VERSION = 'mcp-protocol-version'

/** The host at the other end of a message. */
export interface Host {
  /** Fires when it has hung up. */
  gone: AbortSignal
  /** Sends it a message before the answer. */
  tell: (message: object) => void
}

/** Answers a message with the memories that its sender may see. */
export async function answerMcp(
  { headers, user, body }: McpRequest,
  { om, ...told }: { om: OpenMemory; where: string; version: string; learns: boolean },
  { gone, tell }: Host,
  running: InProgress,
): Promise<McpResponse> {
  let message: unknown
  try {
    message = parsed(body)
    checkHeaders(message, headers)
  } catch (error) {
    return json(400, refused(isPlainObject(message) ? (message.id ?? null) : null, error))
  }
  const session = new Session(om, { ...told, userId: user, actor: actorOf(headers[SESSION_ID]) })
  const streams = headers.accept?.includes('text/event-stream') === true
  const notify = (method: string, params: object) => streams && tell({ jsonrpc: '2.0', method, params })
  const requests = new Requests((...request) => session.answer(...request), notify, new Asking(), running)
  // In a session, a lost connection is no cancellation: the host sends a message for that.
  const release = isInSession(message, headers) ? () => {} : onAbort(gone, () => requests.end())
  const replied = await reply(message, requests).finally(release)
  // Notifications, answers to what was never asked, and requests that were cancelled.
  if (replied === undefined) return { status: 202, headers: {} }
  const begun = isPlainObject(message) && message.method === 'initialize' && 'result' in replied ? message : undefined
  return json(statusOf(replied, message), replied, begun && sessionId(begun.params))
}

function isInSession(message: unknown, headers: Record<string, string>): boolean {
  if (headers[SESSION_ID] === undefined) return false
  return !isPlainObject(message) || message.id === undefined || envelopeOf(message.params) === undefined
}

/** Self-describing requests repeat what they are in their headers, for proxies; both must agree. */
function checkHeaders(message: unknown, headers: Record<string, string>): void {
  const header = headers[VERSION]
  if (header !== undefined && ![...SESSION_VERSIONS, ...REQUEST_VERSIONS].includes(header)) {
    const data = { supported: [...REQUEST_VERSIONS, ...SESSION_VERSIONS], requested: header }
    throw new RpcError(ErrorCode.UnsupportedProtocolVersion, `the protocol version ${header} is not supported`, data)
  }
  if (!isPlainObject(message) || typeof message.method !== 'string' || message.id === undefined) return
  const { method, params } = message
  const envelope = envelopeOf(params)
  if (envelope === undefined) {
    if (header === undefined || SESSION_VERSIONS.includes(header)) return
    throw new RpcError(ErrorCode.InvalidParams, `params._meta must describe a request of the version ${header}`)
  }
  const name = method === 'tools/call' && isPlainObject(params) ? params.name : undefined
  const repeated = {
    [VERSION]: envelope.version,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': name }),
  }
  for (const [field, inBody] of Object.entries(repeated)) {
    const inHeader = decoded(headers[field])
    if (inHeader === inBody) continue
    const data = { mismatch: { header: inHeader ?? null, body: inBody } }
    throw new RpcError(ErrorCode.HeaderMismatch, `the header ${field} and the body of the request disagree`, data)
  }
}

/** Names that are not ASCII are sent as `=?base64?…?=`. */
function decoded(header: string | undefined): string | undefined {
  const [, base64] = header?.match(/^=\?base64\?(.*)\?=$/) ?? []
  return base64 === undefined ? header : Buffer.from(base64, 'base64').toString()
}

/** Errors of the protocol have a status; a method's own do not. */
function statusOf(replied: Reply | Reply[], message: unknown): number {
  if (Array.isArray(replied) || !('error' in replied)) return 200
  const { code } = replied.error
  if (code === ErrorCode.ParseError || code === ErrorCode.InvalidRequest) return 400
  const describesItself = isPlainObject(message) && envelopeOf(message.params) !== undefined
  if (code === ErrorCode.MethodNotFound && describesItself) return 404
  return 200
}

/** The host's name goes with the id, because nothing is kept here. */
function sessionId(params: unknown): string {
  const name = nameOf(isPlainObject(params) ? params.clientInfo : undefined) ?? ''
  return `${randomUUID()}.${Buffer.from(name).toString('base64url')}`
}

function actorOf(id: string | undefined): string | undefined {
  const [, name] = id?.match(/^[\w-]{36}\.([\w-]{1,1400})$/) ?? []
  return name === undefined ? undefined : nameOf({ name: Buffer.from(name, 'base64url').toString() })
}

function json(status: number, value: object, session?: string): McpResponse {
  const headers = { 'content-type': 'application/json', ...(session !== undefined && { [SESSION_ID]: session }) }
  return { status, headers, body: JSON.stringify(value) }
}

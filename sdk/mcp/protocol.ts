// Which revision of the protocol does a request follow? Since 2026-07-28 each request says so itself, with who asks and what
// they can do; before, a session began with `initialize`. Both may come over one connection.

import { isPlainObject } from '../validate/json'
import { ErrorCode, RpcError } from './rpc'

/** The revisions whose sessions begin with `initialize`, newest first. What differs between them is not used here. */
export const SESSION_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
/** The revisions whose requests describe themselves, newest first. */
export const REQUEST_VERSIONS: readonly string[] = ['2026-07-28']

const PREFIX = 'io.modelcontextprotocol/'
const VERSION = `${PREFIX}protocolVersion`
const CLIENT = `${PREFIX}clientInfo`
const CAPABILITIES = `${PREFIX}clientCapabilities`
const SERVER = `${PREFIX}serverInfo`

/** What a request says of itself. */
export interface Envelope {
  version: string
  /** The host's name. */
  client: string | undefined
}

/** The envelope of a request; undefined if it follows a revision with sessions. */
export function envelopeOf(params: unknown): Envelope | undefined {
  const meta = isPlainObject(params) && isPlainObject(params._meta) ? params._meta : {}
  if (!Object.hasOwn(meta, VERSION)) return undefined
  const version = meta[VERSION]
  if (typeof version !== 'string') throw new RpcError(ErrorCode.InvalidParams, `_meta ${VERSION} must be a string`)
  if (SESSION_VERSIONS.includes(version)) return undefined
  if (!REQUEST_VERSIONS.includes(version)) {
    const data = { supported: REQUEST_VERSIONS, requested: version }
    throw new RpcError(ErrorCode.UnsupportedProtocolVersion, `the protocol version ${version} is not supported`, data)
  }
  if (!isPlainObject(meta[CAPABILITIES])) {
    throw new RpcError(ErrorCode.InvalidParams, `_meta ${CAPABILITIES} must be an object`)
  }
  return { version, client: nameOf(meta[CLIENT]) }
}

/** The name of a host, as the history accepts it: at most 256 characters. */
export function nameOf(clientInfo: unknown): string | undefined {
  const name = isPlainObject(clientInfo) ? clientInfo.name : undefined
  return typeof name === 'string' && name !== '' ? name.slice(0, 256) : undefined
}

/** A result as a self-describing request gets it. */
export function complete(result: object, serverInfo: object): object {
  return { ...result, resultType: 'complete', _meta: { [SERVER]: serverInfo } }
}

/** How long a result may be kept: not at all, because a newer version of this package may have other tools. */
export const NOT_CACHED = { ttlMs: 0, cacheScope: 'private' } as const

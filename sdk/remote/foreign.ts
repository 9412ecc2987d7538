// What does an answer mean that is not OpenMemory's? A proxy's, which says what it wants by its status, or another server's.

import type { EngineFailure } from '../answer'

/** Thrown by what reads an answer and finds that no OpenMemory server wrote it. */
export class ForeignAnswer extends Error {}

export interface ForeignReply {
  status: number
  location?: string | undefined
}

/** @param url the address without a slash at its end */
export function foreign(url: string, { status, location }: ForeignReply): EngineFailure {
  const details = { status, ...(location !== undefined && { location }) }
  const { code, message, ...more } = meaning(url, status, location)
  return { code, message, details, retryable: false, ...more }
}

/** What answers without HTTP, or with another protocol on the same port. */
export function notHttp(url: string, code: string): EngineFailure {
  const message = `no OpenMemory server at ${url}: the answer is not HTTP (${code}); check url, also http or https`
  return { code: 'UNAVAILABLE', message, retryable: false }
}

function meaning(url: string, status: number, location: string | undefined): EngineFailure {
  if (status >= 300 && status < 400) {
    const where = location === undefined ? '' : ` to ${location}`
    return {
      code: 'UNAVAILABLE',
      message: `${url} redirects${where} (${status}); give the address that it leads to as url`,
    }
  }
  if (status >= 502) {
    return {
      code: 'UNAVAILABLE',
      message: `the proxy at ${url} gets no answer of its server (${status})`,
      retryable: true,
    }
  }
  switch (status) {
    case 401:
    case 407:
      return {
        code: 'UNAUTHORIZED',
        message: `the proxy at ${url} wants its clients to log in (${status}); log in, or have it let /memory and the header X-API-Key through`,
      }
    case 403:
      return {
        code: 'FORBIDDEN',
        message: `the proxy at ${url} refuses the request (403); have it let requests of this machine through`,
      }
    case 408:
      return {
        code: 'UNAVAILABLE',
        message: `the proxy at ${url} has not got the request in time (408)`,
        retryable: true,
      }
    case 413:
      return {
        code: 'LIMIT_EXCEEDED',
        message: `the proxy at ${url} takes no body of this size (413); raise its limit, or send smaller batches`,
        field: 'body',
      }
    case 429:
      return {
        code: 'RATE_LIMITED',
        message: `the proxy at ${url} gets too many requests (429); try again later`,
        retryable: true,
      }
    default:
      return {
        code: 'UNAVAILABLE',
        message: `no OpenMemory server at ${url}: what answers there is another (status ${status}); check url, its path too`,
      }
  }
}

// What does a response mean that does not come from OpenMemory? It comes from a proxy, which explains itself by its status,
// or from another server.

import type { ErrorBody } from '../error-body'

/** Thrown by code that reads a response and finds that no OpenMemory server wrote it. */
export class ForeignResponse extends Error {}

export interface ForeignReply {
  status: number
  location?: string | undefined
}

/** @param url the address without a trailing slash */
export function foreign(url: string, { status, location }: ForeignReply): ErrorBody {
  const details = { status, ...(location !== undefined && { location }) }
  const { code, message, ...more } = meaning(url, status, location)
  return { code, message, details, retryable: false, ...more }
}

/** For a server that does not speak HTTP, or speaks another protocol on the port. */
export function notHttp(url: string, code: string): ErrorBody {
  const message = `no OpenMemory server at ${url}: the response is not HTTP (${code}); check url, including http or https`
  return { code: 'UNAVAILABLE', message, retryable: false }
}

function meaning(url: string, status: number, location: string | undefined): ErrorBody {
  if (status >= 300 && status < 400) {
    const where = location === undefined ? '' : ` to ${location}`
    return {
      code: 'UNAVAILABLE',
      message: `${url} redirects${where} (${status}); set url to the address that it redirects to`,
    }
  }
  if (status >= 502) {
    return {
      code: 'UNAVAILABLE',
      message: `the proxy at ${url} gets no response from its server (${status})`,
      retryable: true,
    }
  }
  switch (status) {
    case 401:
    case 407:
      return {
        code: 'UNAUTHORIZED',
        message: `the proxy at ${url} requires a login (${status}); log in, or let it pass /memory and the header X-API-Key through`,
      }
    case 403:
      return {
        code: 'FORBIDDEN',
        message: `the proxy at ${url} refuses the request (403); let it pass requests of this machine through`,
      }
    case 408:
      return {
        code: 'UNAVAILABLE',
        message: `the proxy at ${url} did not receive the request in time (408)`,
        retryable: true,
      }
    case 413:
      return {
        code: 'LIMIT_EXCEEDED',
        message: `the proxy at ${url} does not accept a body of this size (413); raise its limit, or send smaller batches`,
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
        message: `no OpenMemory server at ${url}: another server responds there (status ${status}); check url, including its path`,
      }
  }
}

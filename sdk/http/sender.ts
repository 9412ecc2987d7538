// How is a request sent to a server? With a time limit, retries after transient failures, and an idempotency key for writes.
// What carries a single attempt differs: connections of Node, or `fetch`.

import { onAbort } from '../abort'
import type { ErrorBody } from '../error-body'
import { invalid } from '../errors'
import { pause } from '../pause'
import { ForeignResponse, foreign, notHttp } from './foreign-response'
import { JSON_LINES } from './json-lines'
import { Refusal } from './refusal'
import { isTransient, MAX_ATTEMPTS, pauseAfter } from './retry'

export type ByteStream = AsyncIterable<Uint8Array>

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** Whether a response has the shape that this route promises. */
  fits?: (response: unknown) => boolean
  /** Besides those that every request has. */
  headers?: Record<string, string>
  /** JSON text. */
  body?: string
  /** Sent instead of a body. */
  file?: { path: string; size: number }
  /** Reads a response that consists of lines; resolves to JSON text. Such a request is idempotent. */
  read?: (response: ByteStream) => Promise<string>
  /** Reads an endless response, over a dedicated connection. */
  follow?: (response: ByteStream) => void
  /** Whether later calls wait until this one is answered. */
  first?: boolean
  /** Whether it processes a whole store, for which a server sets no time limit. */
  long?: boolean
  signal?: AbortSignal | undefined
}

export interface HttpResponse {
  status: number
  location: string | undefined
  retryAfter: number | undefined
  text: string
  /** Whether `follow` has taken the response. */
  followed?: true
}

/** A call in progress. */
interface Pending {
  sent: Promise<unknown>
  /** Ends it; the reason is a refusal. */
  stop: AbortController
}

/** The media type of a server's events. */
export const EVENT_STREAM = 'text/event-stream'
/** Error codes for data that is neither HTTP nor TLS. */
const NOT_HTTP = /^(HPE_|EPROTO$|ERR_SSL_)/

/** How long an endless response may be silent; servers send something every 15 seconds. */
export const MAX_SILENCE_MS = 60_000
/** The time limit of a call if `timeoutMs` is not set: a server's own default. */
export const DEFAULT_TIMEOUT_MS = 300_000
/** How long pending calls may take after `close()`. */
const CLOSE_GRACE_MS = 4000

export abstract class Sender {
  protected readonly url: URL
  protected readonly prefix: string
  /** The address as messages show it. */
  readonly #shown: string
  readonly #headers: Record<string, string>
  protected readonly timeoutMs: number | undefined
  readonly #pending = new Set<Pending>()
  #previous: Promise<unknown> = Promise.resolve()

  constructor(url: string, apiKey: string | undefined, timeoutMs: number | undefined) {
    this.url = parse(url)
    this.prefix = this.url.pathname.replace(/\/+$/, '')
    this.#shown = this.url.origin + this.prefix
    this.#headers = { accept: 'application/json', ...(apiKey !== undefined && { 'x-api-key': apiKey }) }
    this.timeoutMs = timeoutMs
  }

  /** One attempt. Rejects if there is no response. */
  protected abstract attempt(
    request: HttpRequest,
    headers: Record<string, string>,
    stop: AbortController,
  ): Promise<HttpResponse>

  /** A new key for a write that may be sent again. */
  protected abstract idempotencyKey(): string

  /** Closes the connections. */
  protected disconnect(): void {}

  /** Resolves to the response's body; rejects with a {@link Refusal} if the server refuses. */
  send<T>(request: HttpRequest): Promise<T> {
    const stop = new AbortController()
    const sent = this.#previous.then(() => this.#send<T>(request, stop))
    if (request.first) this.#previous = sent.catch(() => undefined)
    const pending = { sent, stop }
    this.#pending.add(pending)
    const settled = () => this.#pending.delete(pending)
    sent.then(settled, settled)
    return sent
  }

  /** Waits some seconds for pending calls, ends the rest, and closes the connections. */
  async close(): Promise<void> {
    const message = `${this.#shown} had not answered when the object was closed; a write may still be applied`
    const timer = setTimeout(() => {
      for (const { stop } of this.#pending) end(stop, { code: 'CLOSED', message })
    }, CLOSE_GRACE_MS)
    await Promise.allSettled([...this.#pending].map(({ sent }) => sent))
    clearTimeout(timer)
    this.disconnect()
  }

  async #send<T>(request: HttpRequest, stop: AbortController): Promise<T> {
    const release = onAbort(request.signal, () => end(stop, { code: 'ABORTED', message: 'the call was aborted' }))
    const limit = this.timeoutMs ?? (request.long ? undefined : DEFAULT_TIMEOUT_MS)
    let followed = false
    // An endless response can be aborted as long as it lasts.
    const follow = (response: ByteStream) => {
      followed = true
      request.follow?.(endingWith(response, release))
    }
    const timer = limit === undefined ? undefined : setTimeout(() => this.late(stop, limit), limit)
    try {
      return await this.#attempts<T>(request.follow ? { ...request, follow } : request, stop, limit)
    } finally {
      clearTimeout(timer)
      if (!followed) release()
    }
  }

  async #attempts<T>(request: HttpRequest, stop: AbortController, limit: number | undefined): Promise<T> {
    const { signal } = stop
    const headers = this.#headersOf(request)
    const deadline = limit === undefined ? undefined : Date.now() + limit
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      const outcome = await this.attempt(request, headers, stop).catch((error) => this.#failureOf(error))
      const result = 'status' in outcome ? this.#judge(request, outcome) : { refused: outcome }
      if ('ok' in result) return result.ok as T
      signal.throwIfAborted()
      const delay = pauseAfter(attempt, 'status' in outcome ? outcome.retryAfter : undefined)
      const late = deadline !== undefined && Date.now() + delay > deadline
      if (attempt === MAX_ATTEMPTS || late || !isTransient(result.refused)) throw new Refusal(result.refused)
      await pause(delay, signal)
    }
  }

  protected late(stop: AbortController, ms: number): void {
    end(stop, {
      code: 'TIMEOUT',
      message: `${this.#shown} did not answer within ${ms} ms; a write may still be applied`,
    })
  }

  #failureOf(error: unknown): ErrorBody {
    if (error instanceof Refusal) return error.body
    if (error instanceof ForeignResponse) return foreign(this.#shown, { status: 200 })
    const { code = codeOf((error as Error).cause), message } = error as Error & { code?: string }
    if (code !== undefined && NOT_HTTP.test(code)) return notHttp(this.#shown, code)
    return { code: 'UNAVAILABLE', message: `the server at ${this.#shown} cannot be reached: ${code ?? message}` }
  }

  /** Whether a response is an answer or a refusal. */
  #judge(
    { path, fits, follow }: HttpRequest,
    { status, location, text, followed }: HttpResponse,
  ): { ok: unknown } | { refused: ErrorBody } {
    const body = parsed(text)
    if (status >= 200 && status < 300) {
      if (follow ? followed : body !== undefined && fits?.(body) !== false) return { ok: body }
    } else if (isRefusal(body) && !isElsewhere(path, status, body)) {
      return { refused: body }
    }
    return { refused: foreign(this.#shown, { status, location }) }
  }

  #headersOf({ method, headers: own, body, file, read }: HttpRequest): Record<string, string> {
    const headers: Record<string, string> = { ...this.#headers, ...own }
    if (body !== undefined) headers['content-type'] = 'application/json'
    if (file !== undefined) headers['content-type'] = JSON_LINES
    if (read) headers.accept = `${JSON_LINES}, application/json`
    else if (method !== 'GET') headers['idempotency-key'] = this.idempotencyKey()
    return headers
  }
}

async function* endingWith(response: ByteStream, ended: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* response
  } finally {
    ended()
  }
}

/** `fetch` says what went wrong in the cause. */
function codeOf(cause: unknown): string | undefined {
  const { code } = (cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

function parse(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalid('url', 'must be an address such as http://localhost:8080')
  }
  if (!['http:', 'https:'].includes(url.protocol)) throw invalid('url', 'must begin with http:// or https://')
  if (url.username || url.password) throw invalid('url', 'must not contain a password; pass the key as apiKey')
  if (url.search || url.hash) throw invalid('url', 'must not have a query or a fragment')
  return url
}

function end(stop: AbortController, refusal: ErrorBody): void {
  stop.abort(new Refusal(refusal))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRefusal(body: unknown): body is ErrorBody {
  const { err, code, message } = (body ?? {}) as Record<string, unknown>
  return [err, code, message].every((text) => typeof text === 'string')
}

/** Whether OpenMemory has no such route: then it is served under another path. */
function isElsewhere(path: string, status: number, { code, details }: ErrorBody): boolean {
  const ofRecord = /^\/(memory|learnings)\//.test(path) && details?.id !== undefined
  return status === 405 || (code === 'NOT_FOUND' && !ofRecord)
}

// How does a request reach a server? Over keep-alive connections, with a timeout, retries after transient failures, and
// an idempotency key for writes.

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { onAbort } from '../abort'
import type { ErrorBody } from '../error-body'
import { invalid } from '../errors'
import { fileError } from '../file-error'
import { ForeignResponse, foreign, notHttp } from './foreign-response'
import { JSON_LINES } from './json-lines'
import { Refusal } from './refusal'
import { isTransient, MAX_ATTEMPTS, pauseAfter } from './retry'

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** Whether a response has the shape that this route promises. */
  fits?: (response: unknown) => boolean
  /** JSON text. */
  body?: string
  /** Sent instead of a body. */
  file?: { path: string; size: number }
  /** Reads a response that consists of lines; resolves to JSON text. Such a request is idempotent. */
  read?: (response: Readable) => Promise<string>
  /** Reads an endless response, over a dedicated connection. */
  follow?: (response: Readable) => void
  /** Whether later calls wait until this one is answered. */
  first?: boolean
  /** Whether it processes a whole store, for which a server sets no time limit. */
  long?: boolean
  signal?: AbortSignal | undefined
}

interface HttpResponse {
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
const EVENT_STREAM = 'text/event-stream'
/** Error codes for data that is neither HTTP nor TLS. */
const NOT_HTTP = /^(HPE_|EPROTO$|ERR_SSL_)/

/** How long an upload waits for `100 Continue`. Not every proxy sends it. */
const CONTINUE_TIMEOUT_MS = 1000
/** How long an endless response may be silent; servers send something every 15 seconds. */
const MAX_SILENCE_MS = 60_000
/** The time limit of a call if `timeoutMs` is not set: a server's own default. */
const DEFAULT_TIMEOUT_MS = 300_000
/** How long a call that processes a whole store may go without a byte. */
const MAX_LONG_SILENCE_MS = 3_600_000
/** How long pending calls may take after `close()`. */
const CLOSE_GRACE_MS = 4000

export class Transport {
  readonly #url: URL
  readonly #prefix: string
  /** The address as messages show it. */
  readonly #shown: string
  readonly #headers: Record<string, string>
  readonly #agent: http.Agent
  readonly #timeoutMs: number | undefined
  readonly #pending = new Set<Pending>()
  #previous: Promise<unknown> = Promise.resolve()

  constructor(url: string, apiKey: string | undefined, timeoutMs: number | undefined) {
    this.#url = parse(url)
    this.#prefix = this.#url.pathname.replace(/\/+$/, '')
    this.#shown = this.#url.origin + this.#prefix
    this.#headers = { accept: 'application/json', ...(apiKey !== undefined && { 'x-api-key': apiKey }) }
    // Idle connections do not keep the process alive.
    const options = { keepAlive: true, maxSockets: 64 }
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
    this.#timeoutMs = timeoutMs
  }

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
    this.#agent.destroy()
  }

  async #send<T>(request: HttpRequest, stop: AbortController): Promise<T> {
    const release = onAbort(request.signal, () => end(stop, { code: 'ABORTED', message: 'the call was aborted' }))
    const limit = this.#timeoutMs ?? (request.long ? undefined : DEFAULT_TIMEOUT_MS)
    let followed = false
    // An endless response can be aborted as long as it lasts.
    const follow = (response: Readable) => {
      followed = true
      response.once('close', release)
      request.follow?.(response)
    }
    const timer = limit === undefined ? undefined : setTimeout(() => this.#late(stop, limit), limit)
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
      const outcome = await this.#attempt(request, headers, stop).catch((error) => this.#failureOf(error))
      const result = 'status' in outcome ? this.#judge(request, outcome) : { refused: outcome }
      if ('ok' in result) return result.ok as T
      signal.throwIfAborted()
      const pause = pauseAfter(attempt, 'status' in outcome ? outcome.retryAfter : undefined)
      const late = deadline !== undefined && Date.now() + pause > deadline
      if (attempt === MAX_ATTEMPTS || late || !isTransient(result.refused)) throw new Refusal(result.refused)
      await wait(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  #late(stop: AbortController, ms: number): void {
    end(stop, {
      code: 'TIMEOUT',
      message: `${this.#shown} did not answer within ${ms} ms; a write may still be applied`,
    })
  }

  #failureOf(error: unknown): ErrorBody {
    if (error instanceof Refusal) return error.body
    if (error instanceof ForeignResponse) return foreign(this.#shown, { status: 200 })
    const { code, message } = error as NodeJS.ErrnoException
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

  #headersOf({ method, body, file, read }: HttpRequest): Record<string, string> {
    const headers: Record<string, string> = { ...this.#headers }
    if (body !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = String(Buffer.byteLength(body))
    }
    if (file !== undefined) {
      headers['content-type'] = JSON_LINES
      headers['content-length'] = String(file.size)
      // So that a server can refuse before the file is sent.
      if (file.size > 0) headers.expect = '100-continue'
    }
    if (read) headers.accept = `${JSON_LINES}, application/json`
    else if (method !== 'GET') headers['idempotency-key'] = randomUUID()
    return headers
  }

  #attempt(asked: HttpRequest, headers: Record<string, string>, stop: AbortController): Promise<HttpResponse> {
    const { method, path, body: text, file, read, follow } = asked
    const { protocol, hostname, port } = this.#url
    // The path is sent unchanged: a URL would resolve an id of two dots as the parent.
    const options = {
      ...{ method, headers, agent: follow ? false : this.#agent, protocol, port, path: this.#prefix + path },
      hostname: hostname.replace(/^\[|\]$/g, ''),
      signal: stop.signal,
      timeout: this.#timeoutMs ?? (asked.long ? MAX_LONG_SILENCE_MS : DEFAULT_TIMEOUT_MS),
    }
    return new Promise((resolve, reject) => {
      let answering = false
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        answering = true
        const after = Number(response.headers['retry-after'])
        const answer = {
          status: response.statusCode ?? 0,
          location: response.headers.location,
          retryAfter: Number.isFinite(after) ? after * 1000 : undefined,
        }
        // The reader gets the error too; an abort after the end has no effect.
        response.on('error', () => undefined)
        const kind = response.headers['content-type'] ?? JSON_LINES
        const lines = answer.status === 200 && kind.startsWith(JSON_LINES)
        if (follow && answer.status === 200 && kind.startsWith(EVENT_STREAM)) {
          request.setTimeout(MAX_SILENCE_MS)
          follow(response)
          return resolve({ ...answer, text: 'null', followed: true })
        }
        const body = read && lines ? read(response) : textOf(response)
        body.then((text) => resolve({ ...answer, text }), reject)
      })
      request.on('timeout', () => {
        // The follower sends the request again.
        if (answering && follow) request.destroy(new Error('the server is silent'))
        else this.#late(stop, options.timeout)
      })
      // Once there is a response, its reader fails too, and may have to clean up first.
      request.on('error', (error) => answering || reject(error))
      if (!file?.size) request.end(text)
      else sendWhenAsked(request, file.path, reject)
    })
  }
}

/** Sends a file when the server asks for it, or after a moment if it does not. */
function sendWhenAsked(request: http.ClientRequest, path: string, reject: (error: unknown) => void): void {
  let begun = false
  const send = () => {
    if (begun || request.destroyed) return
    begun = true
    const file = createReadStream(path)
    file.on('error', (error) => reject(new Refusal(fileError(path, error))))
    // The request reports failures of the connection.
    pipeline(file, request).catch(() => undefined)
  }
  const timer = setTimeout(send, CONTINUE_TIMEOUT_MS)
  request.on('continue', send)
  request.on('response', (response) => {
    clearTimeout(timer)
    // Refused before the upload: the connection would wait for a file that never comes.
    if (!begun) response.on('close', () => request.destroy())
    begun = true
  })
  request.on('close', () => clearTimeout(timer))
}

async function textOf(response: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
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
  const ofMemory = path.startsWith('/memory/') && details?.id !== undefined
  return status === 405 || (code === 'NOT_FOUND' && !ofMemory)
}

// How does a request reach a server, and when is it sent again? Over connections that are kept; after failures that can
// pass, and for writes under a key by which the server knows them again. None waits for ever.

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { onAbort } from '../abort'
import type { EngineFailure } from '../answer'
import { invalid } from '../errors'
import { unusable } from './file'
import { ForeignAnswer, foreign, notHttp } from './foreign'
import { JSON_LINES } from './lines'
import { Refused } from './refused'

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** Whether an answer is one of this route. */
  fits?: (answer: unknown) => boolean
  body?: unknown
  /** Sent instead of a body. */
  file?: { path: string; size: number }
  /** Reads an answer that comes in lines; gives the JSON text that stands for it. What it asks can be asked again. */
  read?: (answer: Readable) => Promise<string>
  /** Takes an answer that has no end, over a connection of its own. */
  follow?: (answer: Readable) => void
  /** Whether calls made later wait until this one is answered. */
  first?: boolean
  /** Whether it takes a whole store, for which a server sets no limit of time. */
  long?: boolean
  signal?: AbortSignal | undefined
}

interface Reply {
  status: number
  location: string | undefined
  retryAfter: number | undefined
  text: string
  /** Whether somebody has taken the answer, which has no end. */
  followed?: true
}

/** A call that is under way. */
interface Flight {
  sent: Promise<unknown>
  /** Ends it; the reason is what it is refused with. */
  stop: AbortController
}

/** How a server's events come. */
const EVENTS = 'text/event-stream'
/** Codes of what a client of HTTP, or of TLS, does not understand. */
const NOT_HTTP = /^(HPE_|EPROTO$|ERR_SSL_)/

const ATTEMPTS = 4
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000
/** How long a file waits to be asked for. Not every proxy asks. */
const WAIT_TO_SEND = 1000
/** How long an answer without an end may say nothing; servers say something every 15 seconds. */
const SILENCE = 60_000
/** How long a call takes at most where `timeoutMs` does not say: as long as a server takes by default. */
const LIMIT = 300_000
/** How long a call that takes a whole store may go without a byte. */
const LONG_SILENCE = 3_600_000
/** How long what is under way has when the object closes. */
const GRACE = 4000

/** Failures of the moment. A call that was ABORTED, or a directory that is LOCKED, is not tried again. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT', 'CLOSED'])

export function passes({ code, retryable }: EngineFailure): boolean {
  return PASSING.has(code) && retryable !== false
}

export class Exchange {
  readonly #url: URL
  readonly #prefix: string
  /** As messages show it. */
  readonly #shown: string
  readonly #headers: Record<string, string>
  readonly #agent: http.Agent
  readonly #timeoutMs: number | undefined
  readonly #inFlight = new Set<Flight>()
  #before: Promise<unknown> = Promise.resolve()

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

  /** The answer's body; throws a {@link Refused} where the server refuses. */
  send<T>(asked: Asked): Promise<T> {
    const stop = new AbortController()
    const sent = this.#before.then(() => this.#send<T>(asked, stop))
    if (asked.first) this.#before = sent.catch(() => undefined)
    const flight = { sent, stop }
    this.#inFlight.add(flight)
    const settled = () => this.#inFlight.delete(flight)
    sent.then(settled, settled)
    return sent
  }

  /** Waits some seconds for what is under way, ends the rest, and lets go of the connections. */
  async close(): Promise<void> {
    const message = `${this.#shown} had not answered when the object was closed; a write may still be applied`
    const timer = setTimeout(() => {
      for (const { stop } of this.#inFlight) end(stop, { code: 'CLOSED', message })
    }, GRACE)
    await Promise.allSettled([...this.#inFlight].map(({ sent }) => sent))
    clearTimeout(timer)
    this.#agent.destroy()
  }

  async #send<T>(asked: Asked, stop: AbortController): Promise<T> {
    const release = onAbort(asked.signal, () => end(stop, { code: 'ABORTED', message: 'the call was aborted' }))
    const limit = this.#timeoutMs ?? (asked.long ? undefined : LIMIT)
    let followed = false
    // What is followed may be ended as long as it lasts.
    const follow = (answer: Readable) => {
      followed = true
      answer.once('close', release)
      asked.follow?.(answer)
    }
    const timer = limit === undefined ? undefined : setTimeout(() => this.#late(stop, limit), limit)
    try {
      return await this.#tries<T>(asked.follow ? { ...asked, follow } : asked, stop, limit)
    } finally {
      clearTimeout(timer)
      if (!followed) release()
    }
  }

  async #tries<T>(asked: Asked, stop: AbortController, limit: number | undefined): Promise<T> {
    const { signal } = stop
    const text = asked.body === undefined ? undefined : JSON.stringify(asked.body)
    const headers = this.#headersOf(asked, text)
    const deadline = limit === undefined ? undefined : Date.now() + limit
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      const outcome = await this.#attempt(asked, headers, text, stop).catch((error) => this.#failureOf(error))
      const answer = 'status' in outcome ? this.#judge(asked, outcome) : { refused: outcome }
      if ('ok' in answer) return answer.ok as T
      signal.throwIfAborted()
      const pause = pauseBefore(attempt, 'status' in outcome ? outcome.retryAfter : undefined)
      const late = deadline !== undefined && Date.now() + pause > deadline
      if (attempt === ATTEMPTS || late || !passes(answer.refused)) throw new Refused(answer.refused)
      await wait(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  #late(stop: AbortController, ms: number): void {
    end(stop, { code: 'TIMEOUT', message: `${this.#shown} has not answered in ${ms} ms; a write may still be applied` })
  }

  #failureOf(error: unknown): EngineFailure {
    if (error instanceof Refused) return error.failure
    if (error instanceof ForeignAnswer) return foreign(this.#shown, { status: 200 })
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== undefined && NOT_HTTP.test(code)) return notHttp(this.#shown, code)
    return { code: 'UNAVAILABLE', message: `the server at ${this.#shown} cannot be reached: ${code ?? message}` }
  }

  /** What a server answered or refused. */
  #judge(
    { path, fits, follow }: Asked,
    { status, location, text, followed }: Reply,
  ): { ok: unknown } | { refused: EngineFailure } {
    const body = parsed(text)
    if (status >= 200 && status < 300) {
      if (follow ? followed : body !== undefined && fits?.(body) !== false) return { ok: body }
    } else if (isRefusal(body) && !isElsewhere(path, status, body)) {
      return { refused: body }
    }
    return { refused: foreign(this.#shown, { status, location }) }
  }

  #headersOf({ method, file, read }: Asked, text: string | undefined): Record<string, string> {
    const headers: Record<string, string> = { ...this.#headers }
    if (text !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = String(Buffer.byteLength(text))
    }
    if (file !== undefined) {
      headers['content-type'] = JSON_LINES
      headers['content-length'] = String(file.size)
      // A server that refuses does so before the file is sent.
      if (file.size > 0) headers.expect = '100-continue'
    }
    if (read) headers.accept = `${JSON_LINES}, application/json`
    else if (method !== 'GET') headers['idempotency-key'] = randomUUID()
    return headers
  }

  #attempt(
    asked: Asked,
    headers: Record<string, string>,
    text: string | undefined,
    stop: AbortController,
  ): Promise<Reply> {
    const { method, path, file, read, follow } = asked
    const { protocol, hostname, port } = this.#url
    // The path as it is: a URL would take an id of two dots for a step up.
    const options = {
      ...{ method, headers, agent: follow ? false : this.#agent, protocol, port, path: this.#prefix + path },
      hostname: hostname.replace(/^\[|\]$/g, ''),
      signal: stop.signal,
      timeout: this.#timeoutMs ?? (asked.long ? LONG_SILENCE : LIMIT),
    }
    return new Promise((resolve, reject) => {
      let answering = false
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        answering = true
        const after = Number(response.headers['retry-after'])
        const reply = {
          status: response.statusCode ?? 0,
          location: response.headers.location,
          retryAfter: Number.isFinite(after) ? after * 1000 : undefined,
        }
        // Whoever reads is told too; an abort behind the end is told to nobody.
        response.on('error', () => undefined)
        const kind = response.headers['content-type'] ?? JSON_LINES
        const lines = reply.status === 200 && kind.startsWith(JSON_LINES)
        if (follow && reply.status === 200 && kind.startsWith(EVENTS)) {
          request.setTimeout(SILENCE)
          follow(response)
          return resolve({ ...reply, text: 'null', followed: true })
        }
        const body = read && lines ? read(response) : textOf(response)
        body.then((text) => resolve({ ...reply, text }), reject)
      })
      request.on('timeout', () => {
        // What is followed is asked for again.
        if (answering && follow) request.destroy(new Error('the server is silent'))
        else this.#late(stop, options.timeout)
      })
      // Once there is an answer its reader fails too, and may have to put something in order first.
      request.on('error', (error) => answering || reject(error))
      if (!file?.size) request.end(text)
      else sendWhenAsked(request, file.path, reject)
    })
  }
}

/** Sends a file when the server wants it, or after a moment without a word of it. */
function sendWhenAsked(request: http.ClientRequest, path: string, reject: (error: unknown) => void): void {
  let begun = false
  const send = () => {
    if (begun || request.destroyed) return
    begun = true
    const file = createReadStream(path)
    file.on('error', (error) => reject(new Refused(unusable(path, error))))
    // What the connection does not take is told by the request.
    pipeline(file, request).catch(() => undefined)
  }
  const timer = setTimeout(send, WAIT_TO_SEND)
  request.on('continue', send)
  request.on('response', (response) => {
    clearTimeout(timer)
    // Refused without it: the connection waits for a file that never comes.
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
  if (url.username || url.password) throw invalid('url', 'must hold no password; give the key as apiKey')
  if (url.search || url.hash) throw invalid('url', 'must end with its path')
  return url
}

function pauseBefore(attempt: number, retryAfter: number | undefined): number {
  const pause = FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
  return Math.min(Math.max(pause, retryAfter ?? 0), LONGEST_PAUSE)
}

function end(stop: AbortController, failure: EngineFailure): void {
  stop.abort(new Refused(failure))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRefusal(body: unknown): body is EngineFailure {
  const { err, code, message } = (body ?? {}) as Record<string, unknown>
  return [err, code, message].every((text) => typeof text === 'string')
}

/** Whether OpenMemory says that there is no such route: where it is, it is under another path. */
function isElsewhere(path: string, status: number, { code, details }: EngineFailure): boolean {
  const ofMemory = path.startsWith('/memory/') && details?.id !== undefined
  return status === 405 || (code === 'NOT_FOUND' && !ofMemory)
}

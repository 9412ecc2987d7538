// How does a request reach a server, and when is it sent again? Over connections that are kept; after failures that can
// pass, and for writes under a key by which the server knows them again.

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { EngineFailure } from '../answer'
import { invalid } from '../errors'
import { JSON_LINES } from './lines'
import { Refused } from './refused'

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  /** Sent instead of a body. */
  file?: { path: string; size: number }
  /** Reads an answer that comes in lines; gives the JSON text that stands for it. What it asks can be asked again. */
  read?: (answer: Readable) => Promise<string>
  /** Takes an answer that has no end, over a connection of its own. */
  follow?: (answer: Readable) => void
  /** Whether calls made later wait until this one is answered. */
  first?: boolean
  signal?: AbortSignal | undefined
}

interface Reply {
  status: number
  retryAfter: number | undefined
  text: string
}

const ATTEMPTS = 4
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000
/** How long a file waits to be asked for. Not every proxy asks. */
const WAIT_TO_SEND = 1000
/** How long an answer without an end may say nothing; servers say something every 15 seconds. */
const SILENCE = 60_000
/** Failures of the moment. A call that was ABORTED, or a directory that is LOCKED, is not tried again. */
export const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT', 'CLOSED'])

export class Exchange {
  readonly #url: URL
  readonly #prefix: string
  readonly #headers: Record<string, string>
  readonly #agent: http.Agent
  readonly #timeoutMs: number | undefined
  readonly #inFlight = new Set<Promise<unknown>>()
  #before: Promise<unknown> = Promise.resolve()

  constructor(url: string, apiKey: string | undefined, timeoutMs: number | undefined) {
    this.#url = parse(url)
    this.#prefix = this.#url.pathname.replace(/\/+$/, '')
    this.#headers = { accept: 'application/json', ...(apiKey !== undefined && { 'x-api-key': apiKey }) }
    // Idle connections do not keep the process alive.
    const options = { keepAlive: true, maxSockets: 64 }
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
    this.#timeoutMs = timeoutMs
  }

  /** The answer's body; throws a {@link Refused} where the server refuses. */
  send<T>(asked: Asked): Promise<T> {
    const sent = this.#before.then(() => this.#send<T>(asked))
    if (asked.first) this.#before = sent.catch(() => undefined)
    this.#inFlight.add(sent)
    const settled = () => this.#inFlight.delete(sent)
    sent.then(settled, settled)
    return sent
  }

  /** Waits for what is under way and lets go of the connections. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#inFlight])
    this.#agent.destroy()
  }

  async #send<T>(asked: Asked): Promise<T> {
    const { signal } = asked
    const text = asked.body === undefined ? undefined : JSON.stringify(asked.body)
    const headers = this.#headersOf(asked, text)
    const deadline = this.#timeoutMs === undefined ? undefined : Date.now() + this.#timeoutMs
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(asked, headers, text).catch(failureOf)
      const refused = 'status' in outcome ? refusalOf(outcome) : outcome
      if (refused === undefined) return JSON.parse((outcome as Reply).text) as T
      if (signal?.aborted) throw new Refused({ code: 'ABORTED', message: 'the call was aborted' })
      const pause = pauseBefore(attempt, 'status' in outcome ? outcome.retryAfter : undefined)
      const late = deadline !== undefined && Date.now() + pause > deadline
      if (attempt === ATTEMPTS || late || !PASSING.has(refused.code)) throw new Refused(refused)
      await wait(pause, undefined, { signal }).catch(() => undefined)
    }
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

  #attempt(asked: Asked, headers: Record<string, string>, text: string | undefined): Promise<Reply> {
    const { method, path, file, read, follow, signal } = asked
    const { protocol, hostname, port } = this.#url
    // The path as it is: a URL would take an id of two dots for a step up.
    const options = {
      ...{ method, headers, agent: follow ? false : this.#agent, protocol, port, path: this.#prefix + path },
      hostname: hostname.replace(/^\[|\]$/g, ''),
      ...(signal && { signal }),
      ...(this.#timeoutMs !== undefined && { timeout: this.#timeoutMs }),
    }
    return new Promise((resolve, reject) => {
      let answering = false
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        answering = true
        const after = Number(response.headers['retry-after'])
        const reply = {
          status: response.statusCode ?? 0,
          retryAfter: Number.isFinite(after) ? after * 1000 : undefined,
        }
        // Whoever reads is told too; an abort behind the end is told to nobody.
        response.on('error', () => undefined)
        if (follow && reply.status === 200) {
          request.setTimeout(SILENCE)
          follow(response)
          return resolve({ ...reply, text: 'null' })
        }
        const body = read && reply.status === 200 ? read(response) : textOf(response)
        body.then((text) => resolve({ ...reply, text }), reject)
      })
      request.on('timeout', () => request.destroy(new Error('the server has not answered in time')))
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
    file.on('error', (error) => {
      reject(new Refused({ code: 'IO', message: `the file ${path} could not be used: ${error.message}` }))
    })
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

function failureOf(error: unknown): EngineFailure {
  if (error instanceof Refused) return error.failure
  const { code, message } = error as NodeJS.ErrnoException
  return { code: 'UNAVAILABLE', message: `the server cannot be reached: ${code ?? message}` }
}

/** What a server refused; none where it answered. */
function refusalOf({ status, text }: Reply): EngineFailure | undefined {
  let body: Partial<EngineFailure> | undefined
  try {
    body = JSON.parse(text) as Partial<EngineFailure>
  } catch {
    body = undefined
  }
  if (status >= 200 && status < 300 && body !== undefined) return undefined
  if (typeof body?.code !== 'string') {
    const code = [502, 503, 504].includes(status) ? 'UNAVAILABLE' : status === 429 ? 'RATE_LIMITED' : 'INTERNAL'
    return { code, message: `the server's answer (${status}) is not OpenMemory's; is the url right?` }
  }
  return new Refused({ ...body, code: body.code, message: body.message ?? '' }).failure
}

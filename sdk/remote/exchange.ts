// How does a request reach a server, and when is it sent again? Over connections that are kept; after failures that can
// pass, and for writes under a key by which the server knows them again.

import { randomUUID } from 'node:crypto'
import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import type { EngineFailure } from '../answer'
import { invalid } from '../errors'

export interface Asked {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  signal?: AbortSignal | undefined
}

/** What the server refused, as the engine would tell it. */
export class Refused {
  constructor(readonly failure: EngineFailure) {}
}

interface Reply {
  status: number
  retryAfter: number | undefined
  text: string
}

const ATTEMPTS = 4
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 10_000
/** Failures of the moment. A call that was ABORTED, or a directory that is LOCKED, is not tried again. */
const PASSING: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT', 'CLOSED'])

export class Exchange {
  readonly #url: URL
  readonly #prefix: string
  readonly #headers: Record<string, string>
  readonly #agent: http.Agent
  readonly #timeoutMs: number | undefined
  readonly #inFlight = new Set<Promise<unknown>>()

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
    const sent = this.#send<T>(asked)
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

  async #send<T>({ method, path, body, signal }: Asked): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers: Record<string, string> = { ...this.#headers }
    if (text !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = String(Buffer.byteLength(text))
    }
    if (method !== 'GET') headers['idempotency-key'] = randomUUID()
    const deadline = this.#timeoutMs === undefined ? undefined : Date.now() + this.#timeoutMs
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(method, path, headers, text, signal).catch(asUnreachable)
      const refused = 'status' in outcome ? refusalOf(outcome) : outcome
      if (refused === undefined) return JSON.parse((outcome as Reply).text) as T
      if (signal?.aborted) throw new Refused({ code: 'ABORTED', message: 'the call was aborted' })
      const pause = pauseBefore(attempt, 'status' in outcome ? outcome.retryAfter : undefined)
      const late = deadline !== undefined && Date.now() + pause > deadline
      if (attempt === ATTEMPTS || late || !PASSING.has(refused.code)) throw new Refused(refused)
      await wait(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  #attempt(
    method: string,
    path: string,
    headers: Record<string, string>,
    text: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Reply> {
    const { protocol, hostname, port } = this.#url
    // The path as it is: a URL would take an id of two dots for a step up.
    const options = {
      ...{ method, headers, agent: this.#agent, protocol, port, path: this.#prefix + path },
      hostname: hostname.replace(/^\[|\]$/g, ''),
      ...(signal && { signal }),
      ...(this.#timeoutMs !== undefined && { timeout: this.#timeoutMs }),
    }
    return new Promise((resolve, reject) => {
      const request = (protocol === 'https:' ? https : http).request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const after = Number(response.headers['retry-after'])
          const retryAfter = Number.isFinite(after) ? after * 1000 : undefined
          resolve({ status: response.statusCode ?? 0, retryAfter, text: Buffer.concat(chunks).toString() })
        })
      })
      request.on('timeout', () => request.destroy(new Error('the server has not answered in time')))
      request.on('error', reject)
      request.end(text)
    })
  }
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

function asUnreachable(error: unknown): EngineFailure {
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
  const { code, message = '', field, details } = body
  return { code, message, ...(field !== undefined && { field }), ...(details !== undefined && { details }) }
}

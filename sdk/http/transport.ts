// How does a request reach a server from Node? Over keep-alive connections; files are sent when the server asks for them.

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileError } from '../file-error'
import { JSON_LINES } from './json-lines'
import { Refusal } from './refusal'
import { DEFAULT_TIMEOUT_MS, EVENT_STREAM, type HttpRequest, type HttpResponse, MAX_SILENCE_MS, Sender } from './sender'

/** How long an upload waits for `100 Continue`. Not every proxy sends it. */
const CONTINUE_TIMEOUT_MS = 1000
/** How long a call that processes a whole store may go without a byte. */
const MAX_LONG_SILENCE_MS = 3_600_000

export class Transport extends Sender {
  readonly #agent: http.Agent

  constructor(url: string, apiKey: string | undefined, timeoutMs: number | undefined) {
    super(url, apiKey, timeoutMs)
    // Idle connections do not keep the process alive.
    const options = { keepAlive: true, maxSockets: 64 }
    this.#agent = this.url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options)
  }

  protected override idempotencyKey(): string {
    return randomUUID()
  }

  protected override disconnect(): void {
    this.#agent.destroy()
  }

  protected override attempt(
    asked: HttpRequest,
    given: Record<string, string>,
    stop: AbortController,
  ): Promise<HttpResponse> {
    const { method, path, body: text, file, read, follow } = asked
    const { protocol, hostname, port } = this.url
    const headers = { ...given, ...sizeOf(asked) }
    // The path is sent unchanged: a URL would resolve an id of two dots as the parent.
    const options = {
      ...{ method, headers, agent: follow ? false : this.#agent, protocol, port, path: this.prefix + path },
      hostname: hostname.replace(/^\[|\]$/g, ''),
      signal: stop.signal,
      timeout: this.timeoutMs ?? (asked.long ? MAX_LONG_SILENCE_MS : DEFAULT_TIMEOUT_MS),
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
        else this.late(stop, options.timeout)
      })
      // Once there is a response, its reader fails too, and may have to clean up first.
      request.on('error', (error) => answering || reject(error))
      if (!file?.size) request.end(text)
      else sendWhenAsked(request, file.path, reject)
    })
  }
}

function sizeOf({ body, file }: HttpRequest): Record<string, string> {
  if (body !== undefined) return { 'content-length': String(Buffer.byteLength(body)) }
  if (file === undefined) return {}
  const size = { 'content-length': String(file.size) }
  // So that a server can refuse before the file is sent.
  return file.size > 0 ? { ...size, expect: '100-continue' } : size
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

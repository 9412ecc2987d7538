// How does a request reach a server by `fetch`? Takes the place of http/transport.ts.

import { JSON_LINES } from '../http/json-lines'
import { Refusal } from '../http/refusal'
import {
  type ByteStream,
  EVENT_STREAM,
  type HttpRequest,
  type HttpResponse,
  MAX_SILENCE_MS,
  Sender,
} from '../http/sender'

export class Transport extends Sender {
  /**
   * Not `crypto.randomUUID`, which a page has only if it came over HTTPS. Node 18 has no `crypto` here; the key must differ from
   * others, not be a secret.
   */
  protected override idempotencyKey(): string {
    const noSecret = () => Uint8Array.from({ length: 16 }, () => Math.random() * 256)
    const bytes = globalThis.crypto?.getRandomValues(new Uint8Array(16)) ?? noSecret()
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  protected override async attempt(
    { method, path, body, read, follow }: HttpRequest,
    headers: Record<string, string>,
    { signal }: AbortController,
  ): Promise<HttpResponse> {
    const response = await fetch(this.#target(path), {
      ...{ method, headers, signal, redirect: 'manual' },
      ...(body !== undefined && { body }),
    })
    const after = Number(response.headers.get('retry-after') ?? Number.NaN)
    const answer = {
      // Browsers hide where a redirect leads.
      status: response.type === 'opaqueredirect' ? 302 : response.status,
      location: response.headers.get('location') ?? undefined,
      retryAfter: Number.isFinite(after) ? after * 1000 : undefined,
    }
    const kind = response.headers.get('content-type') ?? JSON_LINES
    if (follow && answer.status === 200 && kind.startsWith(EVENT_STREAM) && response.body) {
      follow(chunksOf(response.body, MAX_SILENCE_MS))
      return { ...answer, text: 'null', followed: true }
    }
    const lines = read && answer.status === 200 && kind.startsWith(JSON_LINES) && response.body
    return { ...answer, text: lines ? await read(chunksOf(response.body)) : await response.text() }
  }

  /** `fetch` resolves dots in a path, and would ask for something else. */
  #target(path: string): string {
    const asked = this.prefix + path
    if (new URL(this.url.origin + asked).pathname === asked.split('?')[0]) return this.url.origin + asked
    const message = 'id cannot be part of an address: a path of only dots is resolved by fetch'
    throw new Refusal({ code: 'INVALID_ARGUMENT', message, field: 'id' })
  }
}

/** Not every runtime iterates over a body. Fails if nothing comes for so long. */
async function* chunksOf(body: ReadableStream<Uint8Array>, maxSilenceMs?: number): ByteStream {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), maxSilenceMs)
      if (done) return
      yield value as Uint8Array
    }
  } finally {
    // What is left is not wanted; a connection that has failed cannot be cancelled either.
    reader.cancel().catch(() => undefined)
  }
}

async function withinSilence<T>(reading: Promise<T>, ms: number | undefined): Promise<T> {
  if (ms === undefined) return reading
  let timer: ReturnType<typeof setTimeout> | undefined
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the server is silent')), ms)
  })
  try {
    return await Promise.race([reading, silent])
  } finally {
    clearTimeout(timer)
  }
}

// How is a model asked over an OpenAI-compatible API? Through the host's fetch, so that proxies, certificates and the rest
// are the host's. A key is in the request only.

import type { LanguageModelEndpoint } from '../../index'
import { Limiter } from '../limiter'
import { readAnswer } from './answer'
import { type Model, ModelFailure, type ModelRequest } from './model'
import { isPassing, Passing, retryAfter, withRetries } from './retry'
import { Structured } from './structured'

/** Bytes of an answer: far above what any model writes. */
const MAX_BYTES = 8 << 20
/** Characters of a refusal that an error repeats. */
const SHOWN = 300

type Given = LanguageModelEndpoint & { contextTokens: number; maxOutputTokens: number }

export function endpointModel(endpoint: Given): Model {
  const limiter = new Limiter(endpoint.concurrency as number)
  const structured = new Structured(endpoint)
  return {
    id: endpoint.model,
    contextTokens: endpoint.contextTokens,
    maxOutputTokens: endpoint.maxOutputTokens,
    complete: (request, signal) =>
      limiter.run(async () => {
        let calls = 0
        const attempt = () => {
          calls += 1
          return ask(endpoint, structured, request, signal)
        }
        const answer = await withRetries(endpoint.retries as number, signal, attempt)
        return { ...answer, calls }
      }),
  }
}

async function ask(endpoint: Given, structured: Structured, request: ModelRequest, signal: AbortSignal) {
  for (;;) {
    const { status, headers, text } = await exchange(endpoint, structured.body(request, endpoint), signal)
    if (status >= 200 && status < 300) return readAnswer(text)
    if (structured.stepDown(status, text)) continue
    const shown = withoutSecrets(text.replace(/\s+/g, ' ').slice(0, SHOWN), endpoint)
    const failure = new ModelFailure('http', `its server answered ${status}: ${shown}`, isPassing(status))
    throw isPassing(status) ? new Passing(failure, retryAfter(headers.get('retry-after'), Date.now())) : failure
  }
}

async function exchange(endpoint: Given, body: object, signal: AbortSignal) {
  const deadline = AbortSignal.timeout(endpoint.timeoutMs as number)
  try {
    const response = await fetch(address(endpoint.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(endpoint.apiKey !== undefined && { authorization: `Bearer ${endpoint.apiKey}` }),
        ...endpoint.headers,
      },
      body: JSON.stringify(body),
      // A key must not follow to another server.
      redirect: 'error',
      signal: AbortSignal.any([signal, deadline]),
    })
    return { status: response.status, headers: response.headers, text: await textOf(response) }
  } catch (error) {
    if (error instanceof ModelFailure) throw error
    if (signal.aborted) throw new ModelFailure('http', 'the call was given up', true)
    if (deadline.aborted) {
      throw new Passing(new ModelFailure('timeout', `no answer within ${endpoint.timeoutMs} ms`, true), undefined)
    }
    const reason = withoutSecrets(reasonOf(error), endpoint)
    throw new Passing(new ModelFailure('http', `its server could not be asked: ${reason}`, true), undefined)
  }
}

/** A query after the base stays one, as Azure needs it. */
function address(base: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`
  return url.href
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, bytes] = ['', 0]
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw new ModelFailure('unreadable', 'its answer has more than 8 MiB', false)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message ?? String(error)
}

/** Servers repeat keys in their errors. */
function withoutSecrets(text: string, { apiKey, headers }: LanguageModelEndpoint): string {
  const secrets = [apiKey, ...Object.values(headers ?? {})].filter(
    (secret) => secret !== undefined && secret.length > 3,
  )
  return secrets.reduce<string>((clean, secret) => clean.replaceAll(secret as string, '[redacted]'), text)
}

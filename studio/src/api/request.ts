// How is the server asked? By fetch, on this origin, with the key of this tab; failures say what to do.

import { askForKey, key } from '../state/session'

export class ApiError extends Error {
  constructor(
    /** 0 if nothing was answered. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly version?: number,
  ) {
    super(message)
  }
}

const ADVICE: Record<string, string> = {
  UNAUTHORIZED: 'Enter a key that this server knows.',
  FORBIDDEN: 'Ask for a key that may do this.',
  NOT_FOUND: 'It may have been deleted; go back to the list.',
  IMMUTABLE: 'Delete it and add it again instead.',
  RATE_LIMITED: 'Wait a moment, then try again.',
  TIMEOUT: 'Look whether the change has arrived before you repeat it.',
  UNAVAILABLE: 'Try again in a moment.',
  IO: 'Look whether the disk of the server is full.',
  CORRUPTED: 'Run "openmemory doctor" on the directory.',
  MODEL_MISMATCH: 'Run "openmemory reindex", or start the server with the model of the store.',
}

/** A sentence that says what went wrong, and one that says what to do. */
export function explainError(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  const advice = ADVICE[error.code]
  const message = error.message.replace(/[.]?$/, '.')
  return `${message[0]?.toUpperCase()}${message.slice(1)}${advice ? ` ${advice}` : ''}`
}

interface Options {
  body?: unknown
  signal?: AbortSignal
  headers?: Record<string, string>
}

/** The response, if the server did what it was asked. */
export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  const { body, signal, headers } = options
  const asFile = body instanceof Blob || typeof body === 'string'
  const sent = key.value
  let response: Response
  try {
    response = await fetch(path, {
      method,
      signal,
      cache: 'no-store',
      headers: {
        ...(sent && { 'x-api-key': sent }),
        ...(body !== undefined && { 'content-type': asFile ? 'text/plain' : 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : asFile ? (body as Blob | string) : JSON.stringify(body),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'OFFLINE', 'The server does not answer. Start it again; this page goes on by itself then.')
  }
  if (response.ok) return response
  throw await refusal(response, sent)
}

async function refusal(response: Response, sent: string): Promise<ApiError> {
  const text = await response.text().catch(() => '')
  const { code, message, field, version, details } = parsed(text)
  if (response.status === 401 && sent === key.value) askForKey(sent !== '')
  const problem = message ?? `The server answered ${response.status}`
  return new ApiError(response.status, code ?? 'UNAVAILABLE', problem, field, version ?? details?.version)
}

interface Refusal {
  code?: string
  message?: string
  field?: string
  version?: number
  details?: { version?: number }
}

function parsed(text: string): Refusal {
  try {
    return JSON.parse(text) as Refusal
  } catch {
    return {}
  }
}

export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await request(method, path, { body, signal })
  return (await response.json()) as T
}

/** The lines of a body as they arrive. */
export async function* linesOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest) yield rest
}

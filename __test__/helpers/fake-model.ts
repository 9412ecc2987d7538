// A language model by script: a server on loopback that speaks the OpenAI-compatible API, and fails in every known way.

import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach } from '@jest/globals'
import type { LanguageModelEndpoint } from '@openmemory/sdk'

/** The data of a request: what the model sees. */
export interface Asked {
  memories: { n: number; text: string; state: string }[]
  messages: { m: number; role: string; name: string | null; at: string; weekday: string; text: string }[]
  earlier: { text: string }[]
  allow: string[]
  instructions: string | null
  problem_with_your_last_answer?: string
}

export interface Exchange {
  headers: IncomingHttpHeaders
  body: Record<string, unknown> & { messages: { role: string; content: string }[] }
  asked: Asked
}

/** What happens to one request. */
export type Behaviour = (exchange: Exchange, response: ServerResponse) => void | Promise<void>

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

export interface FakeModel {
  exchanges: Exchange[]
  endpoint: LanguageModelEndpoint
}

let made = 0

/** Each request takes the next behaviour; the last one is repeated. */
export async function fakeModel(...behaviours: Behaviour[]): Promise<FakeModel> {
  const exchanges: Exchange[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Exchange['body']
    const asked = JSON.parse(body.messages[1]?.content ?? '{}') as Asked
    const exchange = { headers: request.headers, body, asked }
    exchanges.push(exchange)
    const behaviour = behaviours[Math.min(exchanges.length, behaviours.length) - 1] as Behaviour
    await behaviour(exchange, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  made += 1
  // What a server takes is remembered by its address and model.
  const endpoint = { url: `http://127.0.0.1:${port}/v1`, model: `fake-${made}`, timeoutMs: 2000, retries: 3 }
  return { exchanges, endpoint }
}

/** Answers with a completion of this content. */
export function says(content: unknown, extra: { finish?: string; message?: object } = {}): Behaviour {
  return (_, response) => {
    const message = { role: 'assistant', content, ...extra.message }
    const choices = [{ index: 0, message, finish_reason: extra.finish ?? 'stop' }]
    json(response, 200, { choices, usage: { prompt_tokens: 100, completion_tokens: 10 } })
  }
}

/** Answers with operations, made of what was asked. */
export function operations(make: (asked: Asked) => object[]): Behaviour {
  return (exchange, response) =>
    says(JSON.stringify({ operations: make(exchange.asked).map(operation) }))(exchange, response)
}

export function refuses(status: number, message: string, headers: Record<string, string> = {}): Behaviour {
  return (_, response) => json(response, status, { error: { message } }, headers)
}

export function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export const zipped: (behaviour: object) => Behaviour = (body) => (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
  response.end(gzipSync(JSON.stringify(body)))
}

/** An operation of an answer with all its fields. A memory may be named by its text. */
export function operation(fields: object) {
  return {
    ...{
      op: 'add',
      memory: null,
      others: [],
      message: 1,
      quote: '',
      text: null,
      change: null,
      from: null,
      until: null,
    },
    because: 'it was said',
    ...fields,
  }
}

/** The number of a memory that was shown, by its text. */
export function numberOf(asked: Asked, text: string): number {
  return asked.memories.find((memory) => memory.text === text)?.n ?? 999
}

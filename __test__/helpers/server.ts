// Servers in this process, and requests to them over real sockets.

import { request as begin, type IncomingHttpHeaders } from 'node:http'
import type { EmbeddedOptions, OpenMemory, ServeOptions, Server } from '@openmemory/sdk'
import { freshDirectory, openEmbedded } from './store'

export interface Served {
  store: OpenMemory
  server: Server
  ask: Ask
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into by each test
  body: any
}

interface Asking {
  body?: unknown
  headers?: Record<string, string>
  key?: string
}

/** `ask('PATCH', '/memory/x', { body: {…} })`; the path is sent without encoding. */
export type Ask = (method: string, path: string, asking?: Asking) => Promise<Reply>

export async function serve(options: ServeOptions = {}, store?: EmbeddedOptions): Promise<Served> {
  const om = openEmbedded({ path: freshDirectory(), ...store })
  const server = await om.serve({ port: 0, ...options })
  return { store: om, server, ask: asker(server.port) }
}

export function asker(port: number): Ask {
  return (method, path, { body, headers, key } = {}) => {
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const all = {
      ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(key !== undefined && { 'x-api-key': key }),
      ...headers,
    }
    return new Promise((resolve, reject) => {
      const request = begin({ host: '127.0.0.1', port, method, path, headers: all, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        const answered = () => {
          const text = Buffer.concat(chunks).toString()
          const json = text !== '' && /json$/.test(response.headers['content-type'] ?? '')
          const parsed = json && response.headers['content-encoding'] === undefined ? JSON.parse(text) : undefined
          resolve({ status: response.statusCode as number, headers: response.headers, text, body: parsed })
        }
        if (response.headers['content-type'] !== 'text/event-stream') return response.on('end', answered)
        // An event stream does not end, so its beginning is returned.
        response.once('data', () => {
          answered()
          request.destroy()
        })
      })
      request.on('error', reject)
      request.end(text)
    })
  }
}

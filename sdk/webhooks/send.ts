// How is an event sent? Signed as the Standard Webhooks are, once, to the address that was looked at, following no redirect.

import { createHmac } from 'node:crypto'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP } from 'node:net'
import { retryAfter } from '../language-model/retry'
import { destination, type Rules } from './destination'

/** One attempt, as the addon asks for it. */
export interface Delivery {
  url: string
  id: string
  /** Seconds since 1970. */
  timestamp: number
  secret: string
  body: string
}

export type Outcome = { answered: { status: number; retryAfter?: number } } | { refused: string } | { failed: string }

const TIMEOUT_MS = 10_000
const LONGEST_PAUSE_S = 86_400
const SECRET_PREFIX = 'whsec_'

/** Never rejects. */
export async function send(delivery: Delivery, rules: Rules, agent: string): Promise<Outcome> {
  try {
    const found = await destination(delivery.url, rules)
    if ('refused' in found) return found
    return { answered: await post(found.url, found.address, delivery, agent) }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    return { failed: `its receiver could not be reached: ${code ?? message ?? String(error)}` }
  }
}

/** `v1,` and the HMAC-SHA256 of id, time and body. */
export function signature({ id, timestamp, body, secret }: Delivery): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

function post(url: URL, address: string, delivery: Delivery, agent: string) {
  const { request } = url.protocol === 'https:' ? https : http
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return new Promise<{ status: number; retryAfter?: number }>((resolve, reject) => {
    const options = {
      host: address,
      port: url.port || undefined,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      // The certificate is that of the name.
      ...(!isIP(name) && { servername: name }),
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(delivery.body),
        'user-agent': agent,
        'webhook-id': delivery.id,
        'webhook-timestamp': String(delivery.timestamp),
        'webhook-signature': signature(delivery),
      },
      agent: false as const,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }
    const sent = request(options, (response) => {
      const ms = retryAfter(response.headers['retry-after'] ?? null, Date.now())
      const wait = ms === undefined ? {} : { retryAfter: Math.min(LONGEST_PAUSE_S, Math.ceil(ms / 1000)) }
      resolve({ status: response.statusCode ?? 0, ...wait })
      // What else it says is not read.
      response.on('error', () => {})
      response.destroy()
    })
    sent.on('error', (error) => reject(error.name === 'AbortError' ? new Error('no answer within 10 s') : error))
    sent.end(delivery.body)
  })
}

// How does a server answer hosts of models? As a client of itself, with the key of the message, so that keys, tenants and limits
// hold for the tools.

import type * as contract from '../../index'
import { answerMcp, type McpRequest, SESSION_ID } from '../mcp/http'
import { SessionsInProgress } from '../mcp/in-progress'

interface Numbered extends McpRequest {
  number: number
}

/** The host of the message with this number has hung up. */
interface Withdrawn {
  withdrawn: number
}

/** What messages are answered with. */
export interface Answering {
  reached: (key: string | undefined) => contract.OpenMemory
  /** Sends a message to a host before its answer. */
  tell: (number: number, message: string) => void
  version: string
  learns: boolean
}

/** Answers the messages of hosts; both are JSON text. Never rejects. */
export function mcpCalls({ reached, tell, version, learns }: Answering) {
  const waiting = new Map<number, AbortController>()
  const sessions = new SessionsInProgress()
  return async (text: string): Promise<string> => {
    const asked = JSON.parse(text) as Numbered | Withdrawn
    if ('withdrawn' in asked) {
      waiting.get(asked.withdrawn)?.abort()
      return '{}'
    }
    const { number, ...request } = asked
    const gone = new AbortController()
    waiting.set(number, gone)
    const key = keyOf(request.headers)
    const om = reached(key)
    try {
      const about = { om, where: 'on this server', version, learns }
      const host = { gone: gone.signal, tell: (message: object) => tell(number, JSON.stringify(message)) }
      const session = request.headers[SESSION_ID]
      const answer = await sessions.answering({ key, session }, (running) => answerMcp(request, about, host, running))
      return JSON.stringify(answer)
    } finally {
      waiting.delete(number)
      await om.close()
    }
  }
}

function keyOf({ authorization, 'x-api-key': given }: Record<string, string>): string | undefined {
  return given ?? authorization?.slice(authorization.indexOf(' ') + 1).trim()
}

// Raw bytes over a socket, for requests that no HTTP client would send.

import { connect } from 'node:net'

/**
 * Sends bytes and returns the response. Reading ends with the connection, or after a silence: a server that waits for
 * the rest of a request sends nothing.
 */
export function raw(port: number, bytes: string | Buffer, silenceMs = 5000): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const done = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(silenceMs, done)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', done).on('end', done)
  })
}

/** The status codes of all responses. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status))
}

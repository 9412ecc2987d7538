// Requests that no client of HTTP would send: bytes over a socket, and what comes back.

import { connect } from 'node:net'

/**
 * Sends bytes as they are, and gives what comes back until the connection ends or nothing has come for a while: a server
 * that waits for the rest of a request says nothing.
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

/** The statuses of all answers that came back. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status))
}

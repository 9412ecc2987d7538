// A stream of server-sent events, read as a browser or curl does.

import { request as begin, type IncomingHttpHeaders } from 'node:http'

export interface Listening {
  status: number
  headers: IncomingHttpHeaders
  /** The fields of the next event; `undefined` at the end of the stream. */
  next(): Promise<Record<string, string> | undefined>
  /** Drops the connection. */
  leave(): void
}

export function listen(port: number, path: string, headers: Record<string, string> = {}): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const request = begin({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const { statusCode = 0, headers } = response
      const blocks = blocksOf(response.setEncoding('utf8'))
      const next = async () => {
        const { value, done } = await blocks.next().catch(() => ({ value: undefined, done: true }))
        return done || value === undefined ? undefined : fields(value)
      }
      resolve({ status: statusCode, headers, next, leave: () => request.destroy() })
    })
    request.on('error', reject)
    request.end()
  })
}

async function* blocksOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() as string
    yield* blocks
  }
}

function fields(block: string): Record<string, string> {
  return Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2)))
}

// Does a route of a built Next.js application use the package? Starts the server, asks it once, and ends it.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import process from 'node:process'

const START_TIMEOUT_MS = 60_000

export async function serveAndAsk(folder, args) {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port), HOSTNAME: '127.0.0.1', NEXT_TELEMETRY_DISABLED: '1', NODE_PATH: '' }
  const server = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (printed += text))
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    const answer = await Promise.race([
      askUntilThere(`http://127.0.0.1:${port}/memory`),
      ended.then((code) => Promise.reject(new Error(`the server ended with ${code}`))),
    ])
    if (answer !== 'found') throw new Error(`the route answered ${answer}`)
  } catch (error) {
    throw Object.assign(error, { stdout: printed })
  } finally {
    server.kill()
    await ended
  }
}

async function askUntilThere(url) {
  const until = Date.now() + START_TIMEOUT_MS
  for (;;) {
    try {
      const response = await fetch(url)
      return await response.text()
    } catch (error) {
      if (Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

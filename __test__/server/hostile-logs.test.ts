// Can a request write into the log, or make it and the metrics grow? Each has one line of JSON, which repeats nothing of it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { raw } from '../helpers/raw'
import { asker } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
const [key, metricsKey] = ['ann-key-0123456789', 'metrics-key-0123456789']

test('no request puts a line, a key, a text or an id into the log, nor a route into the metrics', async () => {
  const args = [CLI, 'serve', '--path', freshDirectory(), '--port', '0', '--json']
  const env = { ...process.env, OPENMEMORY_API_KEYS: `ann=${key}`, OPENMEMORY_METRICS_KEY: metricsKey }
  const child = spawn(process.execPath, args, { env })
  try {
    let log = ''
    child.stderr.on('data', (chunk) => (log += chunk))
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const { port } = JSON.parse(line)
    const ask = asker(port)
    const metrics = async () => (await ask('GET', '/metrics', { key: metricsKey })).text
    const forged = '{"level":"error","message":"forged"}'
    const text = 'a very secret text'
    const headers = { 'user-agent': forged, referer: forged, 'x-request-id': forged, 'x-forwarded-for': forged }
    let sent = 0
    for (const path of [
      ...[`/memory/%0A${encodeURIComponent(forged)}`, `/memory/secret-id%0D%0A`, `/${encodeURIComponent(forged)}`],
      ...[`/memory/all?user_id=secret-user&api_key=${key}`, `/%1b[31mred`, `/memory/%E2%80%A8`, `/memory/"quoted"`],
    ]) {
      for (const method of ['GET', 'DELETE', 'BREW']) {
        await ask(method, path, { key, headers })
        sent++
      }
    }
    const wrong = { content: text, user_id: 'secret-user', tags: 'none', metadata: { [forged]: forged } }
    await ask('POST', '/memory/add', { key, headers, body: wrong })
    await ask('POST', '/memory/query', { key, headers, body: `{"query": "${text}"` })
    await ask('GET', '/stats', { key: `${key}-wrong`, headers })
    await raw(port, `GET /stats HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\n${forged}\r\nConnection: close\r\n\r\n`)
    const before = (await metrics()).length
    await Promise.all(Array.from({ length: 300 }, (_, n) => ask('GET', `/unknown-${n}`, { key })))
    const grown = (await metrics()).length - before
    sent += 305
    child.kill('SIGTERM')
    await once(child, 'exit')

    const lines = log.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThanOrEqual(sent)
    expect(lines.length).toBeLessThanOrEqual(sent + 1)
    const messages = lines.map((line) => JSON.parse(line).message)
    expect(new Set(messages)).toEqual(new Set(['request']))
    for (const secret of [key, metricsKey, text, 'secret', 'forged', 'unknown-7', 'red', '\u2028']) {
      expect([secret, log.includes(secret)]).toEqual([secret, false])
    }
    expect(grown).toBeLessThan(2500)
  } finally {
    child.kill('SIGKILL')
  }
})

// What does the server log? A line per request, and with --debug also the activity of stores.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { asker } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
const key = 'ann-key-0123456789'

test.each([
  [[], ['request']],
  [['--debug'], ['store opened', 'request']],
  [['--quiet'], []],
  [['--quiet', '--debug'], []],
])('serve %j logs %j for the first request of a tenant', async (flags, messages) => {
  const args = [CLI, 'serve', '--path', freshDirectory(), '--port', '0', '--json', ...flags]
  const child = spawn(process.execPath, args, { env: { ...process.env, OPENMEMORY_API_KEYS: `ann=${key}` } })
  try {
    let log = ''
    child.stderr.on('data', (chunk) => (log += chunk))
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const ask = asker(JSON.parse(line).port)
    await ask('GET', '/stats', { key, headers: { 'X-Request-Id': 'first' } })
    child.kill('SIGTERM')
    await once(child, 'exit')
    const lines = log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter(({ request_id }) => request_id === 'first')
    expect(lines.map(({ message }) => message)).toEqual(messages)
    for (const line of lines) expect(line).toMatchObject({ method: 'GET', route: '/stats', tenant: 'ann' })
  } finally {
    child.kill('SIGKILL')
  }
})

// Mem0's official clients and an integration, as they come from npm and PyPI, do their work against this server.

import { execFile, execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from '@jest/globals'
import type { EmbeddedOptions } from '@openmemory/sdk'
import { fakeModel, numberOf, operations } from '../helpers/fake-model'
import { pythonWith } from '../helpers/python'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

const clients = join(__dirname, '..', 'mem0-clients')
const run = promisify(execFile)
const KEY = 'mem0-key-0123456789'

async function passes(command: string, script: string, store?: EmbeddedOptions): Promise<void> {
  const { server } = await serve({ apiKeys: [`mem0=${KEY}`] }, store)
  const env = { ...process.env, MEM0_TELEMETRY: 'false', MEM0_DIR: freshDirectory() }
  const { stdout } = await run(command, [join(clients, script), server.url, KEY], { env, timeout: 60_000 })
  expect(stdout).toContain('every method passed')
}

beforeAll(() => {
  const made = join(clients, 'node_modules', '.package-lock.json')
  if (!existsSync(made) || statSync(made).mtimeMs < statSync(join(clients, 'package-lock.json')).mtimeMs) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: clients,
      stdio: 'pipe',
      shell: process.platform === 'win32',
    })
  }
}, 120_000)

test('npm mem0ai 3.3.1', () => passes(process.execPath, 'js-client.mjs'), 120_000)

test(
  'npm @mem0/vercel-ai-provider 3.0.2 with its default settings',
  () => passes(process.execPath, 'vercel-provider.mjs'),
  120_000,
)

const found = pythonWith('mem0', '-r', join(clients, 'requirements.txt'))
if ('missing' in found) {
  console.warn(`SKIPPED: Mem0's Python client was not tried. ${found.missing}`)
  test.skip('PyPI mem0ai 2.2.1', () => {})
} else {
  test('PyPI mem0ai 2.2.1, sync and async', () => passes(found.python, 'python_client.py'), 120_000)

  test('PyPI mem0ai 2.2.1 with its default arguments, and a language model', async () => {
    const { endpoint } = await fakeModel(
      operations((asked) => {
        const memory = numberOf(asked, 'Ada lives in Lisbon')
        const [said] = asked.messages
        if (!said?.text.includes('Porto')) return [{ quote: 'live in Lisbon', text: 'Ada lives in Lisbon' }]
        return [{ op: 'update', memory, change: 'new_state', quote: 'moved to Porto', text: 'Ada lives in Porto' }]
      }),
    )
    await passes(found.python, 'python_learning.py', { languageModel: endpoint })
  }, 120_000)
}

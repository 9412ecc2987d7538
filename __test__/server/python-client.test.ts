// The Python client: its own tests, with the published page's examples as printed, against a server of this process.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { operation } from '../helpers/fake-model'
import { pythonWith } from '../helpers/python'
import { serve } from '../helpers/server'
import { freshDirectory } from '../helpers/store'

/** What the tests of learning expect. */
const CATS = {
  id: 'cats',
  complete({ user }: { user: string }) {
    if (user.includes('please fail')) throw new Error('no quota')
    const text = 'Ada has a cat'
    const chosen = user.includes('"categories"') ? { categories: ['pets'] } : {}
    const cats = [operation({ quote: 'got a cat', text, ...chosen })]
    return JSON.stringify({ operations: user.includes('got a cat') ? cats : [] })
  },
}

const folder = join(__dirname, '..', '..', 'clients', 'python')
const run = promisify(execFile)

const found = pythonWith('client', 'httpx>=0.27,<1', 'pytest>=8,<9', 'mypy>=1.11,<2')
if ('missing' in found) {
  console.warn(`SKIPPED: the Python client was not tried. ${found.missing}`)
  test.skip('the Python client', () => {})
} else {
  const env = { ...process.env, PYTHONPATH: join(folder, 'src'), PYTHONDONTWRITEBYTECODE: '1' }

  test('its tests and the published examples pass', async () => {
    const { server } = await serve({ backupDir: freshDirectory() }, { languageModel: CATS })
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', join(folder, 'tests')]
    const { stdout } = await run(found.python, args, { env: { ...env, OPENMEMORY_URL: server.url } }).catch((error) => {
      throw new Error(error.stdout)
    })
    expect(stdout).toMatch(/\d+ passed/)
  }, 180_000)

  test('its types are right, strictly', async () => {
    const args = [
      '-m',
      'mypy',
      '--strict',
      '--cache-dir',
      join(folder, '..', '..', 'node_modules', '.cache', 'mypy'),
      join(folder, 'src'),
    ]
    const { stdout } = await run(found.python, args, { env }).catch((error) => {
      throw new Error(error.stdout)
    })
    expect(stdout).toMatch(/no issues found/)
  }, 120_000)
}

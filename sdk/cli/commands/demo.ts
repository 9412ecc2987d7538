// openmemory demo: shows on real data what a store can do.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Command, UsageError } from '../command'

export const demo: Command = {
  name: 'demo',
  creates: true,
  usage: '[EARLIER LATER]',
  summary: 'Show what a store can do, on the release schedule of Node.js, in a temporary store',
  example: 'openmemory demo 2018-06-15 2019-06-15',
  async run({ words, values }) {
    const script = join(__dirname, '..', '..', '..', 'examples', 'demo.mjs')
    // With --json, standard output carries only the document.
    const stdio: [0, 1 | 2, 'pipe'] = [0, values.json ? 2 : 1, 'pipe']
    const { status, error, stderr } = spawnSync(process.execPath, [script, ...words], { stdio, encoding: 'utf8' })
    if (status === 2) throw new UsageError('give two days as YYYY-MM-DD between which a release line changed')
    if (status !== 0) throw new Error(error?.message ?? stderr)
    return { ok: true }
  },
}

// The examples, run as a user runs them: each prints the output at its end, and leaves no files.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const folder = resolve(__dirname, '..', 'examples')
const EXAMPLES = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => ({ name, code: readFileSync(join(folder, name), 'utf8') }))
  .filter(({ code }) => code.includes('\n// Prints:\n'))

test('there is an example for each of the main uses', () => {
  expect(EXAMPLES.map(({ name }) => name)).toEqual([
    ...['adk.mjs', 'agent.mjs', 'ai-sdk.mjs', 'backup.mjs', 'claude-memory-tool.mjs', 'correcting-facts.mjs'],
    ...[
      'custom-embedder.mjs',
      'langchain.mjs',
      'langgraph.mjs',
      'llamaindex.mjs',
      'many-users.mjs',
      'mastra.mjs',
      'openai-agents.mjs',
      'quick-start.mjs',
    ],
    'server-and-remote.mjs',
  ])
})

test.each(EXAMPLES)('$name prints the documented output', ({ name, code }) => {
  const temporary = freshDirectory()
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], { encoding: 'utf8', env })
  const [, printed = ''] = code.split('\n// Prints:\n')
  expect({ stdout, stderr, status }).toEqual({ stdout: printed.replace(/^\/\/ ?/gm, ''), stderr: '', status: 0 })
  expect(readdirSync(temporary)).toEqual([])
})

test('examples/jest passes in parallel workers, exits, and leaves no files', () => {
  const [project, temporary] = [freshDirectory(), freshDirectory()]
  cpSync(join(folder, 'jest'), project, { recursive: true })
  mkdirSync(join(project, 'node_modules', '@openmemory'), { recursive: true })
  symlinkSync(resolve(folder, '..'), join(project, 'node_modules', '@openmemory', 'sdk'), 'junction')
  const env = { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary }
  const args = [require.resolve('jest/bin/jest'), '--workers=2', '--cacheDirectory', join(project, 'cache')]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: project, env, encoding: 'utf8' })
  expect({ status, output: stderr }).toEqual({ status: 0, output: expect.stringContaining('5 passed, 5 total') })
  expect(stderr).not.toContain('did not exit')
  expect(readdirSync(temporary).filter((name) => name.startsWith('memory-'))).toEqual([])
})

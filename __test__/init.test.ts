// openmemory init writes the files of coding agents, after asking, and loses nothing that they say.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const CLI = join(__dirname, '..', 'dist', 'cli', 'index.js')

function init(cwd: string, args: string[], answer?: string): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CLI, 'init', ...args], { cwd }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err })
    })
    child.stdin?.end(answer)
  })
}

function read(...path: string[]) {
  return JSON.parse(readFileSync(join(...path), 'utf8'))
}

test('agents that are named get the tools once it is agreed, with the options of the call', async () => {
  const project = freshDirectory()
  const args = ['claude-code', 'vscode', '--path', '/memories', '--user', 'ada']
  for (const answer of ['', 'n\n', 'no\n']) {
    expect(await init(project, args, answer)).toMatchObject({
      code: 1,
      out: expect.stringContaining('Nothing was written'),
    })
  }
  expect(readdirSync(project)).toEqual([])
  expect(await init(project, args, 'y\n')).toMatchObject({ code: 0, out: expect.stringContaining('Written') })
  const entry = { command: 'npx', args: ['-y', '@openmemory/sdk', 'mcp', '--path', '/memories', '--user', 'ada'] }
  expect(read(project, '.mcp.json')).toEqual({ mcpServers: { openmemory: entry } })
  expect(read(project, '.vscode', 'mcp.json')).toEqual({ servers: { openmemory: entry } })
  // No store is made.
  expect(readdirSync(project).sort()).toEqual(['.mcp.json', '.vscode'])
})

test('agents in use are found, and other settings stay', async () => {
  const project = freshDirectory()
  mkdirSync(join(project, '.gemini'))
  const settings = { theme: 'dark', mcpServers: { other: { command: 'x' }, openmemory: { command: 'old' } } }
  writeFileSync(join(project, '.gemini', 'settings.json'), JSON.stringify(settings))
  const { out } = await init(project, ['--yes', '--json'])
  expect(JSON.parse(out)).toEqual({
    ok: true,
    hosts: [{ host: 'gemini-cli', file: '.gemini/settings.json', state: 'written' }],
  })
  const after = read(project, '.gemini', 'settings.json')
  expect(after).toMatchObject({
    theme: 'dark',
    mcpServers: { other: { command: 'x' }, openmemory: { command: 'npx' } },
  })
  expect(JSON.parse((await init(project, ['--yes', '--json'])).out).hosts).toMatchObject([{ state: 'unchanged' }])
})

test.each([
  [['emacs'], 2, /not a host/],
  [[], 2, /no coding agent is in use/],
  [['cursor', '--json'], 2, /--yes/],
  [['cursor', '--yes', '--api-key', 'secret-key-of-ada'], 2, /OPENMEMORY_API_KEY/],
])('%j is refused', async (args, code, words) => {
  const project = freshDirectory()
  const ended = await init(project, args)
  expect(ended.code).toBe(code)
  expect(ended.err + ended.out).toMatch(words)
  expect(readdirSync(project)).toEqual([])
})

test.each(['{ // a comment\n}', '[]', '{"mcpServers": []}'])(
  'a file that says %j is left alone, and all others too',
  async (text) => {
    const project = freshDirectory()
    mkdirSync(join(project, '.cursor'))
    writeFileSync(join(project, '.cursor', 'mcp.json'), text)
    expect((await init(project, ['claude-code', 'cursor', '--yes'])).code).toBe(1)
    expect(readFileSync(join(project, '.cursor', 'mcp.json'), 'utf8')).toBe(text)
    expect(existsSync(join(project, '.mcp.json'))).toBe(false)
  },
)

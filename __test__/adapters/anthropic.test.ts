// Claude's memory tool, run by Anthropic's own SDK: files over memories.

import { betaMemoryTool } from '@anthropic-ai/sdk/helpers/beta/memory'
import { expect, test } from '@jest/globals'
import type { OpenMemory } from '@openmemory/sdk'
import {
  executeMemoryCommand,
  type MemoryCommand,
  memoryToolHandlers,
  searchMemoryFiles,
} from '@openmemory/sdk/anthropic'
import { openStore } from '../helpers/store'

/** Runs commands as Anthropic's tool runner does. */
function claude(om: OpenMemory, options?: { userId?: string; actor?: string }) {
  const tool = betaMemoryTool(memoryToolHandlers(om, options))
  return (command: MemoryCommand) => Promise.resolve(tool.run(tool.parse(command) as never))
}

test('a file is created, read, edited, moved and deleted', async () => {
  const run = claude(openStore())
  const path = '/memories/notes/tea.md'
  expect(await run({ command: 'create', path, file_text: 'one\ntwo\nthree' })).toBe(
    `File created successfully at: ${path}`,
  )
  expect(await run({ command: 'view', path })).toBe(
    `Here's the content of ${path} with line numbers:\n     1\tone\n     2\ttwo\n     3\tthree`,
  )
  expect(await run({ command: 'view', path, view_range: [2, -1] })).toMatch(/:\n {5}2\ttwo\n {5}3\tthree$/)
  expect(await run({ command: 'str_replace', path, old_str: 'two', new_str: '$& 2' })).toMatch(
    /change \(with line numbers\):\n {5}1\tone\n {5}2\t\$& 2\n {5}3\tthree$/,
  )
  await run({ command: 'insert', path, insert_line: 0, insert_text: 'zero\n' })
  const moved = '/memories/archive/tea.md'
  expect(await run({ command: 'rename', old_path: '/memories/notes', new_path: '/memories/archive' })).toBe(
    'Successfully renamed /memories/notes to /memories/archive',
  )
  expect(await run({ command: 'view', path: moved })).toMatch(/1\tzero\n {5}2\tone\n {5}3\t\$& 2\n {5}4\tthree$/)
  await expect(run({ command: 'view', path })).rejects.toThrow('does not exist')
  expect(await run({ command: 'delete', path: '/memories/archive' })).toBe('Successfully deleted /memories/archive')
  await expect(run({ command: 'view', path: moved })).rejects.toThrow('does not exist')
})

test('a directory shows two levels with sizes, and hides what is hidden', async () => {
  const run = claude(openStore())
  const empty =
    "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items and node_modules:\n0B\t/memories"
  expect(await run({ command: 'view', path: '/memories' })).toBe(empty)
  for (const [path, size] of [
    ['a.md', 10],
    ['b/c.md', 2048],
    ['b/d/deep.md', 1],
    ['.hidden', 1],
    ['b/.git/x', 1],
  ] as const) {
    await run({ command: 'create', path: `/memories/${path}`, file_text: 'x'.repeat(size) })
  }
  expect((await run({ command: 'view', path: '/memories/' })) as string).toBe(
    `${empty.replace('0B\t/memories', '2.0K\t/memories')}\n10B\t/memories/a.md\n2.0K\t/memories/b/\n2K\t/memories/b/c.md\n1B\t/memories/b/d/`,
  )
})

test('every edit is a version, and a rename keeps the history', async () => {
  const om = openStore()
  const run = claude(om, { userId: 'ada', actor: 'claude-opus' })
  await run({ command: 'create', path: '/memories/a', file_text: 'tea' })
  await run({ command: 'str_replace', path: '/memories/a', old_str: 'tea', new_str: 'coffee' })
  await run({ command: 'rename', old_path: '/memories/a', new_path: '/memories/b' })
  const [memory] = (await om.listMemories()).memories
  expect(memory).toMatchObject({ content: 'coffee', user_id: 'ada', version: 3, metadata: { path: '/memories/b' } })
  const history = await om.getHistory(memory?.id as string)
  expect(history.map(({ actor, content }) => ({ actor, content }))).toEqual([
    { actor: 'claude-opus', content: 'coffee' },
    { actor: 'claude-opus', content: 'coffee' },
    { actor: undefined, content: 'tea' },
  ])
  // The old path is free again.
  await run({ command: 'create', path: '/memories/a', file_text: 'water' })
  expect((await om.stats()).memories).toBe(2)
})

test('what the commands refuse changes nothing', async () => {
  const om = openStore()
  const run = claude(om)
  await run({ command: 'create', path: '/memories/f', file_text: 'tea tea\ntea' })
  await run({ command: 'create', path: '/memories/d/e', file_text: 'x' })
  const at = { path: '/memories/f' }
  const refused: [MemoryCommand, RegExp][] = [
    [{ command: 'create', ...at, file_text: 'y' }, /already exists/],
    [{ command: 'create', path: '/memories/d', file_text: 'y' }, /already exists/],
    [{ command: 'create', path: '/memories/f/g', file_text: 'y' }, /is a file, not a directory/],
    [{ command: 'create', path: '/memories', file_text: 'y' }, /is a directory/],
    [{ command: 'create', path: '/memories/x', file_text: 5 as never }, /file_text/],
    [{ command: 'view', path: '/etc/passwd' }, /must start with \/memories/],
    [{ command: 'view', path: '/memories-of-bob/x' }, /must start with \/memories/],
    [{ command: 'view', path: '/memories/../etc' }, /would escape/],
    [{ command: 'create', path: `/memories${'/x'.repeat(70)}`, file_text: 'y' }, /more than 60/],
    [{ command: 'str_replace', ...at, old_str: 'tea', new_str: 'x' }, /Multiple occurrences .* in lines: 1, 2/],
    [{ command: 'str_replace', ...at, old_str: 'water', new_str: 'x' }, /did not appear verbatim/],
    [{ command: 'str_replace', ...at, old_str: '', new_str: 'x' }, /did not appear verbatim/],
    [{ command: 'str_replace', path: '/memories/d', old_str: 'x', new_str: 'y' }, /is not a file/],
    [{ command: 'str_replace', path: '/memories/none', old_str: 'x', new_str: 'y' }, /does not exist/],
    [{ command: 'insert', ...at, insert_line: 3, insert_text: 'x' }, /\[0, 2\]/],
    [{ command: 'insert', ...at, insert_line: -1, insert_text: 'x' }, /insert_line/],
    [{ command: 'delete', path: '/memories' }, /Cannot delete/],
    [{ command: 'delete', path: '/memories/none' }, /does not exist/],
    [{ command: 'rename', old_path: '/memories', new_path: '/memories/x' }, /Cannot rename/],
    [{ command: 'rename', old_path: '/memories/d', new_path: '/memories/f' }, /already exists/],
    [{ command: 'rename', old_path: '/memories/d', new_path: '/memories/d/e/f' }, /into itself/],
    [{ command: 'rename', old_path: '/memories/none', new_path: '/memories/x' }, /does not exist/],
  ]
  for (const [command, message] of refused) await expect(run(command)).rejects.toThrow(message)
  const { memories } = await om.listMemories()
  expect(memories.map(({ content, version }) => ({ content, version }))).toEqual([
    { content: 'x', version: 1 },
    { content: 'tea tea\ntea', version: 1 },
  ])
})

test('blank files, and a path that is created again and again', async () => {
  const run = claude(openStore())
  const path = '/memories/blank'
  for (let n = 0; n < 12; n++) {
    await run({ command: 'create', path, file_text: n % 2 === 0 ? '' : ' \n' })
    await run({ command: 'delete', path })
  }
  await run({ command: 'create', path, file_text: '' })
  expect(await run({ command: 'view', path })).toBe(`Here's the content of ${path} with line numbers:\n     1\t`)
  await run({ command: 'insert', path, insert_line: 0, insert_text: 'tea' })
  expect(await run({ command: 'view', path })).toMatch(/1\ttea\n {5}2\t$/)
  await run({ command: 'str_replace', path, old_str: 'tea\n', new_str: '' })
  expect(await run({ command: 'view', path })).toMatch(/:\n {5}1\t$/)
})

test('edits at once are all kept, and a file is created once', async () => {
  const om = openStore()
  const run = claude(om)
  const path = '/memories/log'
  const created = await Promise.allSettled(
    Array.from({ length: 5 }, (_, n) => run({ command: 'create', path, file_text: `begun by ${n}` })),
  )
  expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  await Promise.all(
    Array.from({ length: 5 }, (_, n) => run({ command: 'insert', path, insert_line: 1, insert_text: `line ${n}` })),
  )
  const [memory] = (await om.listMemories()).memories
  expect(memory?.content.split('\n').slice(1).sort()).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4'])
})

test('each user has files of their own, and nobody is not everybody', async () => {
  const om = openStore()
  const [ada, bob, nobody] = [claude(om, { userId: 'ada' }), claude(om, { userId: '*' }), claude(om)]
  const path = '/memories/x'
  await ada({ command: 'create', path, file_text: 'tea for Ada' })
  for (const other of [bob, nobody]) {
    await expect(other({ command: 'view', path })).rejects.toThrow('does not exist')
    await other({ command: 'create', path, file_text: 'coffee' })
    await other({ command: 'delete', path })
  }
  expect(await ada({ command: 'view', path })).toContain('tea for Ada')
  expect(await searchMemoryFiles(om, 'tea', { userId: 'ada' })).toMatchObject([
    { path, text: 'tea for Ada', score: expect.any(Number) },
  ])
  expect(await searchMemoryFiles(om, 'tea')).toEqual([])
  expect(await searchMemoryFiles(om, 'tea', { userId: 'ada', path: '/memories/other' })).toEqual([])
  expect(() => memoryToolHandlers(om, { userId: undefined })).toThrow(/userId/)
})

test('one function runs all commands, and refuses others', async () => {
  const handlers = memoryToolHandlers(openStore())
  expect(await executeMemoryCommand(handlers, { command: 'view', path: '/memories' })).toContain('0B')
  await expect(executeMemoryCommand(handlers, { command: 'format' } as never)).rejects.toMatchObject({
    details: { field: 'command' },
  })
})

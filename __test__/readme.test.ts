// What README and CONTRIBUTING show is so: the code runs as printed, and the tables name what there is.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { freshDirectory } from './helpers/store'

const root = resolve(__dirname, '..')
const README = read('README.md')
const { scripts } = JSON.parse(read('package.json')) as { scripts: object }
const EXAMPLES = [...README.matchAll(/^```js\n(.*?)^```\n\n^```text\n(.*?)^```/gms)].map(([, code, output]) => ({
  code: code as string,
  output: output as string,
}))

test('every code block of README is an example with its output', () => {
  expect(EXAMPLES).toHaveLength(2)
  expect(README.match(/^```js/gm)).toHaveLength(EXAMPLES.length)
})

test.each(EXAMPLES)('example %# of README prints what is shown below it, in at most 12 lines', ({ code, output }) => {
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(12)
  const project = freshDirectory()
  mkdirSync(join(project, 'node_modules', '@openmemory'), { recursive: true })
  symlinkSync(root, join(project, 'node_modules', '@openmemory', 'sdk'), 'junction')
  writeFileSync(join(project, 'example.mjs'), code)
  expect(execFileSync(process.execPath, ['example.mjs'], { cwd: project, encoding: 'utf8' })).toBe(output)
})

test('the table of README names every method, and no other', () => {
  const named = firstCells('API').flatMap((cell) => [...cell.matchAll(/(\w+)\(/g)].map(([, name]) => name))
  const methods = Object.getOwnPropertyNames(OpenMemory.prototype).filter((name) => name !== 'constructor')
  expect([...new Set(named)].sort()).toEqual(['OpenMemory', ...methods].sort())
})

test('the table of README names every error code, and no other', () => {
  const named = firstCells('Errors').flatMap((cell) => cell.match(/[A-Z_]{2,}/g) ?? [])
  const [, union = ''] = /type ErrorCode =(.*?)\n\n/s.exec(read('index.d.ts')) ?? []
  expect(named.sort()).toEqual([...union.matchAll(/'(\w+)'/g)].map(([, code]) => code).sort())
})

test.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'])('%s names only files and scripts that exist', (file) => {
  const text = read(file)
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target as string)
  expect(links.filter((target) => !existsSync(join(root, target)))).toEqual([])
  const commands = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name as string)
  expect(commands.filter((name) => !(name in scripts))).toEqual([])
})

/** The first cells of the table under a heading, without its heads. */
function firstCells(heading: string): string[] {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`) + 1).split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) => row.split(' | ')[0] as string)
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

test('npx finds the command by the name of the package, and no text has it run another package', () => {
  const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> }
  expect(Object.keys(bin)).toEqual(['openmemory'])
  const texts = ['README.md', 'index.d.ts', 'examples/demo.mjs', 'clients/python/README.md']
  texts.push(
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  )
  const told = texts.flatMap((name) => read(name).match(/npx openmemory \w+/g) ?? [])
  expect(told).toEqual([])
})

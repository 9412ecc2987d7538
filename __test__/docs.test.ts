// The documentation holds together: links lead somewhere, examples print what they show, and the reference names what
// there is.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import {
  anchorsOf,
  examplesOf,
  filesBelow,
  firstCells,
  linksOf,
  printedBy,
  ROOT,
  read,
  withoutCode,
} from './helpers/markdown'
import { freshDirectory } from './helpers/store'

const PAGES = filesBelow('', /\.md$/)
const OURS = PAGES.filter((page) => !page.startsWith('npm/') && !page.startsWith('crates/') && page !== 'CHANGELOG.md')
/** Where texts for readers and comments name files of docs/. */
const SOURCES = ['crates', 'src', 'benchmark', 'clients', 'examples', 'scripts', 'sdk', '.github', '__test__']
const { scripts, bin } = JSON.parse(read('package.json')) as { scripts: object; bin: Record<string, string> }

test('every relative link leads to a file, and every anchor to a heading', () => {
  expect(PAGES.length).toBeGreaterThan(80)
  expect(
    PAGES.flatMap((page) =>
      linksOf(read(page))
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`),
    ),
  ).toEqual([])
})

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : normalize(join(dirname(page), path))
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return false
  return anchor === undefined || anchorsOf(read(target)).includes(anchor)
}

test('every page of docs/ is reached from docs/README.md', () => {
  const reached = new Set(['docs/README.md'])
  for (const page of reached) {
    for (const link of linksOf(read(page))) {
      const target = normalize(join(dirname(page), link.split('#')[0] as string))
      if (target.startsWith('docs/') && target.endsWith('.md')) reached.add(target)
    }
  }
  expect(PAGES.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
})

test('sources name only pages that exist', () => {
  const files = SOURCES.flatMap((directory) => filesBelow(directory, /\.(m?[jt]s|py|rs|yml)$/)).concat('index.d.ts')
  const named = files.flatMap((file) =>
    [...read(file).matchAll(/\bdocs\/[\w./-]+\.md\b/g)].map(([page]) => ({ file, page })),
  )
  expect(named.filter(({ page }) => !existsSync(join(ROOT, page)))).toEqual([])
})

test('every command that a page names exists', () => {
  const named = PAGES.flatMap((page) =>
    [...read(page).matchAll(/npm run ([\w:]+)/g)].map(([, name]) => ({ page, name: name as string })),
  )
  expect(named.filter(({ name }) => !(name in scripts))).toEqual([])
})

test('npx finds the command by the package name, and no text has it run another package', () => {
  expect(Object.keys(bin)).toEqual(['openmemory'])
  const texts = [...OURS, 'index.d.ts', 'examples/demo.mjs']
  expect(texts.flatMap((file) => read(file).match(/npx openmemory \w+/g) ?? [])).toEqual([])
})

test('a line of a page has one sentence', () => {
  const crowded = OURS.flatMap((page) => sentencesOf(page).filter((line) => /[\p{L}\d)][.!?] [A-Z]/u.test(line)))
  expect(crowded).toEqual([])
})

/** The prose lines of a page, without list markers and bold lead-ins. */
function sentencesOf(page: string): string[] {
  const lines = withoutCode(read(page)).split('\n')
  const prose = lines.filter((line) => !/^[|#]/.test(line))
  return prose.map((line) => line.replace(/^\s*(?:\d+\.|[-*]) /, '').replace(/^\*\*.*?\*\* /, ''))
}

const GUIDES = filesBelow('docs/guide', /\.md$/)
const EXAMPLES = GUIDES.flatMap((page) => examplesOf(read(page)).map((example) => ({ page, example })))

// The examples in other languages need a model of their own: multilingual.test.ts.
test.each(EXAMPLES.filter(({ page }) => page !== 'docs/guide/languages.md'))(
  'the example of $page prints the output shown below it',
  ({ example }) => {
    expect(printedBy(example)).toBe(example.output)
  },
)

test('every JavaScript block of a guide is such an example', () => {
  const blocks = GUIDES.flatMap((page) => read(page).match(/^```js$/gm) ?? [])
  expect(blocks.length).toBeGreaterThan(3)
  expect(EXAMPLES).toHaveLength(blocks.length)
})

test('each decision has its number, its parts and its line in the list', () => {
  const files = readdirSync(join(ROOT, 'docs', 'adr')).filter((name) => /^\d/.test(name))
  const index = read('docs/adr/README.md')
  files.forEach((file, at) => {
    const text = read(`docs/adr/${file}`)
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
    const title = /^# (\d+)\. (.*)$/m.exec(text)
    expect({ file, number: Number(title?.[1]) }).toEqual({ file, number: at + 1 })
    expect({ file, headings: headings.filter((heading) => heading !== 'Measured') }).toEqual({
      ...{ file, headings: ['Context', 'Decision', 'Consequences'] },
    })
    expect(index).toContain(`| [${at + 1}](${file}) | ${title?.[2]} |`)
  })
})

test('the reference names every command', () => {
  const help = execFileSync(process.execPath, [join(ROOT, bin.openmemory as string), 'help'], { encoding: 'utf8' })
  const [, list = ''] = /OPTIONS\]\n\n(.*?)\n\n/s.exec(help) ?? []
  const commands = list.split('\n').map((line) => line.trim().split(' ')[0])
  const named = (read('docs/reference/cli.md').match(/^\| `(\w+)/gm) ?? []).map((cell) => cell.slice(3))
  expect([...new Set(named)].sort()).toEqual([...commands, 'completion'].sort())
})

test('the reference names every route', async () => {
  const om = new OpenMemory({ path: freshDirectory(), embedder: 'test' })
  const server = await om.serve({ port: 0 })
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { tags: string[] }>>
  }
  await om.close()
  const page = read('docs/reference/http.md')
  const named = ['Memories', 'Learning', 'The store']
    .flatMap((heading) => firstCells(page, heading))
    .flatMap((cell) => cell.match(/[A-Z]+ \/[\w/{}]+/g) ?? [])
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { tags }]) =>
      tags.includes('Mem0') ? [] : [`${method.toUpperCase()} ${path}`],
    ),
  )
  expect(named.sort()).toEqual(routes.sort())
})

test('the reference names every environment variable', () => {
  const used = filesBelow('sdk', /\.ts$/).flatMap((file) => read(file).match(/OPENMEMORY_[A-Z_]+/g) ?? [])
  const named = read('docs/reference/configuration.md').match(/^\| `OPENMEMORY_[A-Z_]+/gm) ?? []
  expect(named.map((cell) => cell.slice(3)).sort()).toEqual([...new Set(used)].sort())
})

test('the reference names every method of the Python client', () => {
  const source = read('clients/python/src/openmemory/_client.py')
  const methods = [...source.matchAll(/^ {4}def ([a-z]\w*)\(/gm)].map(([, name]) => name)
  const rows = read('docs/reference/python.md').match(/^\| `.*?\|/gm) ?? []
  const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  expect(named.sort()).toEqual([...new Set(methods)].sort())
})

test('TypeDoc reads the contract without a warning', () => {
  const typedoc = join(ROOT, 'node_modules', 'typedoc', 'bin', 'typedoc')
  const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, '--emit', 'none'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect({ status, stdout, stderr }).toMatchObject({ status: 0 })
})

// The story: a fork of this repository is published. Its packages must name the fork, or publishing fails, and so it does
// for packages that do not fit each other.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { freshDirectory } from './helpers/store'

const ROOT = join(__dirname, '..')
const PLACEHOLDER = 'github.com/OWNER/REPOSITORY'
const OURS = 'https://github.com/ada/memories'

/** What the scripts read and write. */
function copy(): string {
  const root = freshDirectory()
  const paths = [
    'package.json',
    'npm',
    'clients/python/pyproject.toml',
    'SECURITY.md',
    '.github',
    'scripts',
    'server.json',
  ]
  for (const path of paths) {
    cpSync(join(ROOT, path), join(root, path), { recursive: true, filter: (file) => !file.endsWith('.node') })
  }
  return root
}

/** Neither npm's variables, which name the folder that the tests were started in, nor those of GitHub Actions. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|GITHUB_)/i.test(name)))

function npm(root: string, ...args: string[]) {
  const shell = process.platform === 'win32'
  return spawnSync('npm', args, { cwd: root, encoding: 'utf8', shell, env: inherited })
}

function runScript(root: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const file = join(root, 'scripts', 'repository.mjs')
  return spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', env: { ...inherited, ...env } })
}

test.each([
  ['publish', '--dry-run'],
  ['run', 'publish:packages'],
])('npm %s %s is refused while the repository is a placeholder', (...args) => {
  const { status, stderr } = npm(copy(), ...args)
  expect(status).not.toBe(0)
  expect(stderr).toMatch('run "npm run set:repository -- URL" before you publish')
})

test('one command fills the address in everywhere, and another one later', () => {
  const root = copy()
  for (const url of ['https://example.org/team/first.repo', OURS]) {
    expect(runScript(root, [url]).status).toBe(0)
  }
  const { homepage, repository, bugs } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect({ homepage, repository, bugs }).toEqual({
    homepage: `${OURS}#readme`,
    repository: { type: 'git', url: `git+${OURS}.git` },
    bugs: { url: `${OURS}/issues` },
  })
  expect(readFileSync(join(root, 'SECURITY.md'), 'utf8')).toMatch(`${OURS}/security/advisories/new`)
  expect(runScript(root, ['--check']).status).toBe(0)
})

test('nothing is published by a repository that the packages do not name', () => {
  const root = copy()
  runScript(root, [OURS])
  const github = (name: string) => ({ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: name })
  expect(runScript(root, ['--check'], github('ada/memories')).status).toBe(0)
  const { status, stderr } = runScript(root, ['--check'], github('bo/fork'))
  expect(status).not.toBe(0)
  expect(stderr).toMatch('bo/fork')
})

test.each(['', 'ada/memories', `${OURS}.git`, `${OURS}/`])('the address %j is refused', (url) => {
  const root = copy()
  expect(runScript(root, [url]).status).not.toBe(0)
  expect(readFileSync(join(root, 'package.json'), 'utf8')).toMatch(PLACEHOLDER)
})

test('no file names the placeholder that the command does not fill in', () => {
  const root = copy()
  runScript(root, [OURS])
  const named = execFileSync('git', ['grep', '-l', PLACEHOLDER], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const sources = ['scripts/repository.mjs', '__test__/release.test.ts']
  for (const file of named.filter((file) => !sources.includes(file))) {
    expect([file, readFileSync(join(root, file), 'utf8').includes(PLACEHOLDER)]).toEqual([file, false])
  }
})

const VERSIONED = [
  ...[
    'npm/darwin-x64/package.json',
    'npm/win32-x64-msvc/package.json',
    'package-lock.json',
    'Cargo.toml',
    'Cargo.lock',
  ],
  'clients/python/pyproject.toml',
]

test('all files name one version, and one that does not is named', () => {
  const root = copy()
  for (const file of [...VERSIONED, 'CHANGELOG.md']) cpSync(join(ROOT, file), join(root, file))
  const others = () => evaluate<string[]>(root, 'versions.mjs', 'otherVersions()')
  expect(others()).toEqual([])
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const file of VERSIONED) {
    const text = readFileSync(join(root, file), 'utf8')
    writeFileSync(join(root, file), text.replaceAll(`"${version}"`, '"9.9.9"'))
    expect([file, others().some((other) => other.startsWith(file))]).toEqual([file, true])
    writeFileSync(join(root, file), text)
  }
})

test('the dry run knows every script of the workflow', () => {
  const workflow = readFileSync(join(ROOT, '.github', 'workflows', 'release.yml'), 'utf8')
  const commands = [...workflow.matchAll(/run: (.+)$/gm)].map(([, command]) => command as string)
  const named = commands.map((command) => /npm run ([\w:]+)|scripts\/([\w-]+\.mjs)/.exec(command))
  const scripts = named.flatMap((found) => (found ? [(found[1] ?? found[2]) as string] : []))
  const list = execFileSync(process.execPath, [join(ROOT, 'scripts', 'release-check.mjs'), '--list'], {
    encoding: 'utf8',
  })
  expect(scripts.length).toBeGreaterThan(5)
  // The dry run itself is the one that it cannot name.
  expect(scripts.filter((script) => script !== 'release-check.mjs' && !list.includes(script))).toEqual([])
})

test('what would be published are the listed files, and each platform in exactly this version', () => {
  const [main] = evaluate<{ name: string; files: string[] }[]>(ROOT, 'publish-dry-run.mjs', 'dryRun()')
  const listed = readFileSync(join(ROOT, 'scripts', 'package-files.txt'), 'utf8')
    .trim()
    .split('\n')
  expect(main).toMatchObject({ name: '@openmemory/sdk', files: listed })
})

/** The value of an expression over what a script exports. */
function evaluate<T>(root: string, script: string, expression: string): T {
  const url = pathToFileURL(join(root, 'scripts', script)).href
  const file = join(freshDirectory(), 'evaluate.mjs')
  writeFileSync(file, `import * as script from '${url}'\nconsole.log(JSON.stringify(script.${expression}))\n`)
  return JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8', env: inherited }))
}

test('the entry for the registry of MCP servers is that of this package', () => {
  const entry = JSON.parse(readFileSync(join(ROOT, 'server.json'), 'utf8'))
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(entry.name).toBe(manifest.mcpName)
  expect(entry.packages).toMatchObject([{ registryType: 'npm', identifier: manifest.name, version: manifest.version }])
  expect(entry.description.length).toBeLessThanOrEqual(100)
})

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

interface Package {
  name: string
  dependencies: { name: string; kind: string | null }[]
}

/** Which crates of the workspace each may use. A new arrow is a decision: docs/internals/architecture.md. */
const ARROWS: Record<string, string[]> = {
  'openmemory-domain': [],
  'openmemory-index': ['openmemory-domain'],
  'openmemory-onnx': [],
  'openmemory-embedding': ['openmemory-domain', 'openmemory-onnx'],
  'openmemory-rules': ['openmemory-domain'],
  'openmemory-storage': ['openmemory-domain', 'openmemory-rules'],
  'openmemory-engine': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-index',
    'openmemory-rules',
    'openmemory-storage',
  ],
  'openmemory-server': ['openmemory-domain', 'openmemory-engine', 'openmemory-rules'],
  'openmemory-node': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-engine',
    'openmemory-rules',
    'openmemory-server',
    'openmemory-storage',
  ],
  'fault-injection': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-engine',
    'openmemory-rules',
    'openmemory-server',
    'openmemory-storage',
  ],
}

/** Libraries that only one crate may know. */
const OWNERS: Record<string, string> = {
  sled: 'openmemory-storage',
  'tract-onnx': 'openmemory-onnx',
  tokenizers: 'openmemory-embedding',
  axum: 'openmemory-server',
  napi: 'openmemory-node',
}

const root = join(__dirname, '..')
const packages = workspace()

test('each crate of the workspace uses only the crates below it', () => {
  const arrows = packages.map(({ name, dependencies }) => [
    name,
    dependencies.filter((to) => to.kind === null && to.name in ARROWS).map((to) => to.name),
  ])
  expect(Object.fromEntries(arrows)).toEqual(ARROWS)
})

test('sled, tract, the tokenizers, axum and napi are each known to one crate', () => {
  for (const [library, owner] of Object.entries(OWNERS)) {
    const users = packages.filter(({ dependencies }) =>
      dependencies.some((to) => to.kind === null && to.name === library),
    )
    expect([library, users.map(({ name }) => name)]).toEqual([library, [owner]])
  }
})

test.each(['openmemory-domain', 'openmemory-index', 'openmemory-rules', 'openmemory-storage'])(
  'the tests of %s link no model',
  (name) => {
    const linked = cargo('tree', '--package', name, '--edges', 'normal,dev', '--prefix', 'none')
    expect(linked).toContain(`${name} v`)
    expect(linked).not.toMatch(/^(tract|tokenizers)/m)
  },
)

test('lib.rs and mod.rs are tables of contents and define nothing', () => {
  const files = readdirSync(join(root, 'crates'), { encoding: 'utf8', recursive: true })
  const tables = files.filter((file) => /[/\\](src|recorder)[/\\](.*[/\\])?(lib|mod)\.rs$/.test(file))
  const definitions = tables.flatMap((file) => {
    const lines = readFileSync(join(root, 'crates', file), 'utf8').split('\n')
    return lines.filter(
      (line) => /\b(fn|struct|enum|impl|trait|const|static|type|macro_rules!) /.test(line) && !/^\s*\/\//.test(line),
    )
  })
  expect(tables.length).toBeGreaterThan(20)
  expect(definitions).toEqual([])
})

function workspace(): Package[] {
  const { packages } = JSON.parse(cargo('metadata', '--no-deps', '--format-version', '1')) as { packages: Package[] }
  return packages
}

function cargo(...args: string[]): string {
  return execFileSync('cargo', [...args, '--locked'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

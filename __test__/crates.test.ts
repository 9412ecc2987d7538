import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { circles } from './helpers/circles'
import { freshDirectory } from './helpers/store'

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
  'openmemory-files': [],
  'openmemory-learning': ['openmemory-domain'],
  'openmemory-rules': ['openmemory-domain'],
  'openmemory-storage': ['openmemory-domain', 'openmemory-files', 'openmemory-rules'],
  'openmemory-calls': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-index',
    'openmemory-learning',
    'openmemory-rules',
  ],
  'openmemory-engine': [
    'openmemory-calls',
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-files',
    'openmemory-index',
    'openmemory-learning',
    'openmemory-rules',
    'openmemory-storage',
  ],
  'openmemory-postgres': [
    'openmemory-calls',
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-index',
    'openmemory-learning',
    'openmemory-rules',
  ],
  'openmemory-server': ['openmemory-domain', 'openmemory-files', 'openmemory-rules'],
  'openmemory-node': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-engine',
    'openmemory-learning',
    'openmemory-postgres',
    'openmemory-rules',
    'openmemory-server',
    'openmemory-storage',
  ],
  'binary-check': [],
  'contract-model': ['openmemory-domain', 'openmemory-rules'],
  'fault-injection': [
    'openmemory-domain',
    'openmemory-embedding',
    'openmemory-engine',
    'openmemory-learning',
    'openmemory-rules',
    'openmemory-server',
    'openmemory-storage',
  ],
  rustfft: [],
}

/** Libraries that only one crate may know. */
const OWNERS: Record<string, string> = {
  sled: 'openmemory-storage',
  'tract-onnx': 'openmemory-onnx',
  tokenizers: 'openmemory-embedding',
  axum: 'openmemory-server',
  'tokio-postgres': 'openmemory-postgres',
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

test('sled, tract, the tokenizers, axum, tokio-postgres and napi are each known to one crate', () => {
  for (const [library, owner] of Object.entries(OWNERS)) {
    const users = packages.filter(({ dependencies }) =>
      dependencies.some((to) => to.kind === null && to.name === library),
    )
    expect([library, users.map(({ name }) => name)]).toEqual([library, [owner]])
  }
})

test.each(['openmemory-domain', 'openmemory-index', 'openmemory-learning', 'openmemory-rules', 'openmemory-storage'])(
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

test('in no crate do files use each other in a circle', () => {
  const crates = readdirSync(join(root, 'crates')).flatMap((name) => [`crates/${name}/src`, `crates/${name}/recorder`])
  const folders = ['src', ...crates].filter((folder) => existsSync(join(root, folder)))
  expect(folders.length).toBeGreaterThan(9)
  expect(folders.map((folder) => [folder, circles(join(root, folder))])).toEqual(folders.map((folder) => [folder, []]))
})

test('a circle is found through groups and parents, and a table of contents is none', () => {
  const files = {
    'lib.rs': 'mod log;\nmod rows;\npub use rows::Row;',
    'log.rs': 'use std::fs;\nuse crate::{\n    Error,\n    rows::{self, codec::{Codec, Row}},\n};',
    'rows/mod.rs': 'mod codec;\nmod key;\npub use codec::Codec;',
    'rows/codec.rs': '// See crate::log.\nfn key() -> super::key::Key {}',
    'rows/key.rs': 'pub(in crate::log) struct Key;\nimpl Key { fn log() { super::super::log::write::<Key>() } }',
  }
  const folder = freshDirectory()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  expect(circles(folder)).toEqual([['log', 'rows::codec', 'rows::key']])
  writeFileSync(join(folder, 'rows', 'key.rs'), 'pub(in crate::log) struct Key;')
  expect(circles(folder)).toEqual([])
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

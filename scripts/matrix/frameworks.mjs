// Does the package run in what frameworks and bundlers build, with the configuration that docs/reference/platforms.md
// names? Each is built in a project and run afterwards.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../platform.mjs'
import { npmInstall } from './cache.mjs'
import { serveAndAsk } from './next-server.mjs'
import { copyUses, installPackage, projectFolder } from './project.mjs'
import { run } from './run.mjs'
import { canFetch, runtimeOf } from './runtimes.mjs'
import { NOT_APPLICABLE, print } from './table.mjs'

const WEBPACK = ['webpack@5.113.0', 'webpack-cli@6.0.1']
const NEXT = ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1']

/** Each builds in a project with the package installed, and runs the result. */
export const FRAMEWORKS = {
  webpack: async (project) => {
    addTools(project, 'webpack', WEBPACK)
    copyUses(project, ['bundled.mjs', 'correct-and-find.mjs'])
    writeDocumented(project, 'webpack.config.cjs')
    const webpack = ['node_modules/webpack/bin/webpack.js', '--mode=production']
    await run(process.execPath, [...webpack, '--entry=./bundled.mjs'], { cwd: project })
    await run(process.execPath, ['dist/main.js'], { cwd: project })
  },
  next: (project) => buildNext(project, '--turbopack', serveAndAsk),
  'next-webpack': (project) => buildNext(project, '--webpack', serveAndAsk),
  'next-standalone': (project) => {
    const standalone =
      "import config from './next.config.documented.mjs'\nexport default { ...config, output: 'standalone' }\n"
    writeFileSync(join(project, 'next.config.mjs'), standalone)
    return buildNext(project, '--turbopack', serveStandalone, 'next.config.documented.mjs')
  },
  'bun-compile': async (project) => {
    if (!canFetch()) return NOT_APPLICABLE
    const { program } = runtimeOf('bun')
    copyUses(project, ['esm.mjs', 'correct-and-find.mjs'])
    await run(program, ['build', '--compile', 'esm.mjs', '--outfile=app'], { cwd: project })
    // Elsewhere, with nothing next to it but the model's directory, as docs/guide/embedding-models.md says.
    const elsewhere = moved(project, 'app')
    cpSync(join(project, 'node_modules', '@openmemory', 'sdk', 'model'), join(elsewhere, 'model'), { recursive: true })
    rmSync(join(project, 'node_modules'), { recursive: true })
    await run(join(elsewhere, 'app'), [], { cwd: elsewhere, env: { OPENMEMORY_MODEL_DIR: join(elsewhere, 'model') } })
  },
}

export async function tryFrameworks(names, context) {
  const rows = names.map((name) => [name, FRAMEWORKS[name]])
  await print('framework', [`built and run, Node ${process.versions.node}`], rows, async (build, _, name) => {
    const project = projectFolder(context, name)
    await installPackage(context, project)
    try {
      return await build(project)
    } finally {
      if (!context.keep)
        for (const folder of [project, `${project}-elsewhere`]) rmSync(folder, { recursive: true, force: true })
    }
  })
}

async function buildNext(project, bundler, ask, config = 'next.config.mjs') {
  addTools(project, 'next', NEXT)
  cpSync(join(root, 'scripts', 'matrix', 'next'), project, { recursive: true })
  copyUses(project, ['correct-and-find.mjs'])
  writeDocumented(project, 'next.config.mjs', config)
  await run(process.execPath, ['node_modules/next/dist/bin/next', 'build', bundler], {
    cwd: project,
    env: { NEXT_TELEMETRY_DISABLED: '1' },
  })
  await ask(project, ['node_modules/next/dist/bin/next', 'start'])
}

/** What a container gets: no node_modules but what the build traced. */
async function serveStandalone(project) {
  const elsewhere = moved(project, join('.next', 'standalone'))
  rmSync(join(project, 'node_modules'), { recursive: true })
  await serveAndAsk(join(elsewhere, '.next', 'standalone'), ['server.js'])
}

function moved(project, path) {
  const elsewhere = `${project}-elsewhere`
  mkdirSync(elsewhere)
  cpSync(join(project, path), join(elsewhere, path), { recursive: true, verbatimSymlinks: true })
  return elsewhere
}

function addTools(project, name, specs) {
  const tools = npmInstall(`framework-${name}`, specs)
  cpSync(tools, join(project, 'node_modules'), { recursive: true, verbatimSymlinks: true })
}

/** A block of docs/reference/platforms.md that begins with the file's name. */
function writeDocumented(project, name, file = name) {
  const docs = readFileSync(join(root, 'docs', 'reference', 'platforms.md'), 'utf8')
  const [, code] = docs.match(new RegExp(`^\`\`\`js\\n// ${name.replaceAll('.', '\\.')}\\n(.*?)^\`\`\``, 'ms')) ?? []
  if (code === undefined) throw new Error(`docs/reference/platforms.md shows no ${name}`)
  writeFileSync(join(project, file), code)
}

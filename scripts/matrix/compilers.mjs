// Which versions of TypeScript read the declarations, with `strict` and without `skipLibCheck`? Declarations of a framework
// may have errors of their own, which do not count.

import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { writeJson } from '../pack.mjs'
import { root } from '../platform.mjs'
import { npmInstall } from './cache.mjs'
import { copyUses, installPackage, projectFolder } from './project.mjs'
import { run } from './run.mjs'
import { print } from './table.mjs'

export const COMPILERS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0']
const RESOLUTIONS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

const FRAMEWORKS = ['@langchain/core', '@langchain/langgraph-checkpoint', '@mastra/core']
/** Declarations of other packages than this one. */
const FOREIGN = /^[^ ]*node_modules\/(?!@openmemory\/)/

export async function tryCompilers(versions, context) {
  // The compilers stay where they are: they are large, and look for types where their files are.
  const named = versions.map((version) => `typescript-${version}@npm:typescript@${version}`)
  const compilers = npmInstall('compilers', ['@types/node@20', ...named])
  const uses = {
    types: { names: ['@types/node', 'undici-types'], from: compilers },
    // Those that the adapters are tested with; linked, so that they find what they need beside them.
    'framework-types': { names: ['@types/node', ...FRAMEWORKS], from: join(root, 'node_modules') },
  }
  const rows = []
  for (const [use, { names, from }] of Object.entries(uses)) {
    const project = projectFolder(context, use)
    await installPackage(context, project)
    for (const name of names) link(join(from, name), join(project, 'node_modules', name))
    copyUses(project, [`${use}.ts`])
    for (const [name, options] of Object.entries(RESOLUTIONS)) rows.push([`${use}, ${name}`, { use, project, options }])
  }
  await print('TypeScript', versions, rows, async ({ use, project, options }, version) => {
    const folder = writeProject(project, use, options, version)
    const tsc = join(compilers, `typescript-${version}`, 'bin', 'tsc')
    await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: project }).catch((error) => {
      if (!isForeign(error.stdout)) throw error
    })
  })
}

function link(folder, at) {
  mkdirSync(dirname(at), { recursive: true })
  symlinkSync(folder, at, 'junction')
}

/** Whether all errors are in declarations of other packages; further lines of an error are indented. */
function isForeign(printed) {
  const errors = printed.split('\n').filter((line) => /^\S/.test(line))
  return errors.length > 0 && errors.every((line) => FOREIGN.test(line))
}

/** As an ES module and as CommonJS, each with its declarations. */
function writeProject(project, use, options, version) {
  const folder = join(project, `types-${version}-${options.moduleResolution}`)
  mkdirSync(folder)
  const files = options.moduleResolution === 'bundler' ? [`${use}.ts`] : [`${use}.mts`, `${use}.cts`]
  for (const file of files) cpSync(join(project, `${use}.ts`), join(folder, file))
  const strict = { strict: true, skipLibCheck: false, noEmit: true }
  const compilerOptions = { ...options, target: 'es2022', lib: ['es2022'], types: ['node'], ...strict }
  writeJson(join(folder, 'tsconfig.json'), { compilerOptions, files })
  return folder
}

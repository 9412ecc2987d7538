// Which versions of TypeScript read the declarations, with `strict` and without `skipLibCheck`?

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { writeJson } from '../pack.mjs'
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

export async function tryCompilers(versions, context) {
  // The compilers stay where they are: they are large, and look for types where their files are.
  const named = versions.map((version) => `typescript-${version}@npm:typescript@${version}`)
  const compilers = npmInstall('compilers', ['@types/node@20', ...named])
  const project = projectFolder(context, 'compilers')
  await installPackage(context, project)
  for (const name of ['@types', 'undici-types'])
    cpSync(join(compilers, name), join(project, 'node_modules', name), { recursive: true })
  copyUses(project, ['types.ts'])
  await print('TypeScript', versions, Object.entries(RESOLUTIONS), async (options, version) => {
    const folder = writeProject(project, options, version)
    const tsc = join(compilers, `typescript-${version}`, 'bin', 'tsc')
    await run(process.execPath, [tsc, '-p', folder], { cwd: project })
  })
}

/** As an ES module and as CommonJS, each with its declarations. */
function writeProject(project, options, version) {
  const folder = join(project, `types-${version}-${options.moduleResolution}`)
  mkdirSync(folder)
  const files = options.moduleResolution === 'bundler' ? ['types.ts'] : ['types.mts', 'types.cts']
  for (const file of files) cpSync(join(project, 'types.ts'), join(folder, file))
  const strict = { strict: true, skipLibCheck: false, noEmit: true }
  const compilerOptions = { ...options, target: 'es2022', lib: ['es2022'], types: ['node'], ...strict }
  writeJson(join(folder, 'tsconfig.json'), { compilerOptions, files })
  return folder
}

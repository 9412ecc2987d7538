// A copy of the repository for Jest, whose only binary is that of the other platform. Jest's own binary, which finds
// files, is added for that platform. The packages are linked, not copied, where the file system allows it.

import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { output, run } from '../cross/run.mjs'
import { copy } from '../pack.mjs'
import { readJson, root } from '../platform.mjs'
import { npmPackage } from './npm-package.mjs'

/** Sources of Rust are of no use there; of their tests' models some suites make use. */
const LEFT_OUT = /^(crates(?!\/openmemory-embedding\/tests\/)|src|benchmark|npm)\//

export function copyOfRepository({ work, binary, resolver }) {
  const folder = join(work, 'repository')
  const files = output('git', ['ls-files'], { cwd: root }).split('\n')
  for (const file of files.filter((file) => !LEFT_OUT.test(file))) copy(join(root, file), join(folder, file))
  for (const made of ['dist', 'native.js', 'native.d.ts'])
    cpSync(join(root, made), join(folder, made), { recursive: true })
  copy(binary, join(folder, basename(binary)))
  linkPackages(folder)
  const { version } = readJson(join(root, 'node_modules', 'unrs-resolver', 'package.json'))
  const name = `@unrs/resolver-binding-${resolver}`
  cpSync(npmPackage(name, version), join(folder, 'node_modules', name), { recursive: true })
  return folder
}

function linkPackages(folder) {
  mkdirSync(join(folder, 'node_modules'))
  const names = readdirSync(join(root, 'node_modules')).filter((name) => name !== '.cache')
  const packages = names.map((name) => join(root, 'node_modules', name))
  const into = ['--target-directory', join(folder, 'node_modules')]
  try {
    run('cp', ['-al', ...packages, ...into])
  } catch {
    rmSync(join(folder, 'node_modules'), { recursive: true })
    mkdirSync(join(folder, 'node_modules'))
    run('cp', ['-a', ...packages, ...into])
  }
}

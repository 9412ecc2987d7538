// Where are the tools of the matrix kept between runs? Below node_modules, installed from the npm registry once.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { root } from '../platform.mjs'

export const CACHE = join(root, 'node_modules', '.cache', 'matrix')

/** Answers with the folder of the packages. None of them needs its install scripts. */
export function npmInstall(name, specs) {
  const folder = join(CACHE, name)
  const installed = join(folder, 'node_modules')
  const done = join(folder, 'specs.json')
  const there = existsSync(done) ? JSON.parse(readFileSync(done, 'utf8')) : []
  if (specs.every((spec) => there.includes(spec))) return installed
  console.error(`> Installing ${specs.join(', ')}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...specs]
  execFileSync('npm', install, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  writeFileSync(done, JSON.stringify(specs))
  return installed
}

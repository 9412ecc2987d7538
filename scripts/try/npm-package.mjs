// Where are npm's packages for other systems than this one? Unpacked below the cache; npm would not install them here.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run, say } from '../cross/run.mjs'
import { CACHE } from '../matrix/cache.mjs'

/** The folder of `name@version`. */
export function npmPackage(name, version) {
  const folder = join(CACHE, 'foreign', `${name.replaceAll('/', '-')}-${version}`)
  if (existsSync(folder)) return join(folder, 'package')
  say(`Downloading ${name} ${version}`)
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: part })
  const [archive] = readdirSync(part)
  run('tar', ['-xzf', archive], { cwd: part })
  rmSync(join(part, archive))
  renameSync(part, folder)
  return join(folder, 'package')
}

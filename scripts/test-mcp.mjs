// Do others' judges find faults in the tools over HTTP? The official conformance suite, those of its scenarios that need no
// tool, resource or prompt of its own example server, and the inspector in its strict mode. Both are fetched, and need
// Node 22.19: Linux x64 fetches one, too.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { npmInstall } from './matrix/cache.mjs'
import { canFetch, runtimeOf } from './matrix/runtimes.mjs'

const SUITES = ['@modelcontextprotocol/conformance@0.1.16', '@modelcontextprotocol/inspector@2.12.0']
const SCENARIOS = ['server-initialize', 'ping', 'tools-list', 'server-sse-multiple-streams', 'dns-rebinding-protection']

/** The Node that the suites run in; undefined if there is none. */
function program() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath
  return canFetch() ? runtimeOf('node22').program : undefined
}

const node = program()
if (node === undefined) {
  console.log(`skipped: the suites need Node 22.19, and this is ${process.versions.node}`)
  process.exit()
}
const installed = npmInstall('mcp', SUITES)
const { OpenMemory } = await import('@openmemory/sdk')
const path = mkdtempSync(join(tmpdir(), 'openmemory-mcp-'))
const om = new OpenMemory({ path, embedder: 'test' })
let failed = 0

/** Runs one check in a process of its own: this one answers it. */
async function check(name, file, args, isRight = () => true) {
  let output
  let right
  try {
    const { stdout, stderr } = await promisify(execFile)(node, [
      join(installed, '@modelcontextprotocol', file),
      ...args,
    ])
    output = stdout + stderr
    right = isRight(output)
  } catch (error) {
    output = `${error.stdout}${error.stderr}`
    right = false
  }
  console.log(`${right ? 'passed' : 'failed'}: ${name}`)
  if (!right) console.log(output)
  if (!right) failed++
}

try {
  const url = `${(await om.serve({ port: 0 })).url}/mcp`
  for (const scenario of SCENARIOS) {
    const args = ['server', '--url', url, '--scenario', scenario]
    await check(`conformance, ${scenario}`, 'conformance/dist/index.js', args)
  }
  const strict = ['--cli', url, '--transport', 'http', '--method', 'tools/list', '--strict']
  const clean = (output) => output.includes('add_memory') && !/\b[1-9]\d* (errors?|warnings?)\b/.test(output)
  await check('inspector, strict', 'inspector/clients/launcher/build/index.js', strict, clean)
} finally {
  await om.close()
  rmSync(path, { recursive: true })
}
process.exitCode = failed === 0 ? 0 : 1

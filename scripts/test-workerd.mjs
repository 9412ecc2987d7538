// Does @openmemory/sdk/remote work in workerd, the runtime of Cloudflare Workers? A Worker adds and finds a memory on a server
// on this machine. workerd is fetched: it weighs 160 MB.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { OpenMemory } from '@openmemory/sdk'
import { build } from 'esbuild'
import { npmInstall } from './matrix/cache.mjs'
import { root } from './platform.mjs'

const WORKER = `
import { NotFoundError, OpenMemory } from '@openmemory/sdk/remote'

export default {
  async fetch(request, { url, apiKey }) {
    const om = new OpenMemory({ url, apiKey })
    const { id } = await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada' })
    const [found] = await om.searchMemories('Who drinks tea?', { filters: { user_id: 'ada' }, limit: 1 })
    const listed = []
    for await (const { content } of om.iterateMemories()) listed.push(content)
    const missing = await om.getMemory('none').catch((error) => error instanceof NotFoundError && error.code)
    await om.close()
    return Response.json({ found: found.id === id && found.content, listed, missing })
  },
}
`
const EXPECTED = { found: 'Ada drinks tea', listed: ['Ada drinks tea'], missing: 'NOT_FOUND' }

const folder = mkdtempSync(join(tmpdir(), 'openmemory-workerd-'))
const om = new OpenMemory({ path: join(folder, 'store'), embedder: 'test' })
let runtime

try {
  const apiKey = 'a-key-of-this-test'
  const { url } = await om.serve({ port: 0, apiKeys: [apiKey] })
  writeFileSync(join(folder, 'worker.js'), WORKER)
  await build({
    ...{ entryPoints: [join(folder, 'worker.js')], outfile: join(folder, 'bundle.js'), bundle: true, format: 'esm' },
    ...{
      conditions: ['workerd', 'worker', 'browser'],
      alias: { '@openmemory/sdk/remote': join(root, 'dist/remote/index.mjs') },
    },
  })
  writeFileSync(join(folder, 'config.capnp'), configOf({ url, apiKey }))
  const args = ['serve', join(folder, 'config.capnp'), '--control-fd=3']
  runtime = spawn(program(), args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  const response = await fetch(`http://127.0.0.1:${await portOf(runtime)}/`)
  const answer = await response.text()
  if (answer !== JSON.stringify(EXPECTED)) throw new Error(`The Worker answered ${response.status} ${answer}`)
  console.log('passed: @openmemory/sdk/remote in workerd')
} finally {
  runtime?.kill()
  await om.close()
  rmSync(folder, { recursive: true })
}

/** The binary for this platform, which the package of workerd depends on. */
function program() {
  const binaries = join(npmInstall('workerd', ['workerd@1.20261117.1']), '@cloudflare')
  const [name] = readdirSync(binaries)
  return join(binaries, name, 'bin', process.platform === 'win32' ? 'workerd.exe' : 'workerd')
}

/** The network of a Worker has no private addresses by itself. */
function configOf({ url, apiKey }) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "bundle.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "url", text = ${JSON.stringify(url)}), (name = "apiKey", text = ${JSON.stringify(apiKey)})],
);
`
}

/** workerd says on this channel where it listens. */
function portOf({ stdio }) {
  return new Promise((resolve, reject) => {
    stdio[3].once('data', (line) => resolve(JSON.parse(line).port))
    stdio[3].once('end', () => reject(new Error('workerd has ended')))
  })
}

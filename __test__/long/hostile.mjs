// Can one tenant's attacks affect another tenant? One tenant of a server runs all attacks of hostile/attacks.mjs at once. The
// other reads, updates and searches as a service would, and is timed.
//
// npm run test:hostile -- [--seconds 120] [--memories 20000]
//
// Fails (exit code 1) if a request of the other tenant is rejected or exceeds its limit, if the server takes over 1 GB, or if
// it does not recover after the attack.

import { fork, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const [HOSTILE, OTHER] = ['key-of-the-hostile-tenant', 'key-of-the-other-tenant']
const RESIDENT_MB = 1000

/** The requests of the other tenant: how many per second, and the limit of their 99th percentile in milliseconds. */
const USES = {
  get: { each: 20, limit: 50, ask: () => ask('GET', `/memory/o${any(500)}`) },
  update: {
    each: 100,
    limit: 200,
    ask: () => ask('PATCH', `/memory/o${any(500)}`, { metadata: { seen: Date.now() } }),
  },
  search: {
    each: 100,
    limit: 300,
    ask: () => ask('POST', '/memory/search', { query: `where is note ${any(500)}`, limit: 5 }),
  },
  health: { each: 50, limit: 50, ask: () => ask('GET', '/health', undefined, null) },
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '120' }, memories: { type: 'string', default: '20000' } },
})
const folder = mkdtempSync(join(tmpdir(), 'openmemory-hostile-'))
const agent = new Agent({ keepAlive: true })
const failures = []
const { server, port } = await serve()
try {
  await fill(HOSTILE, Number(values.memories), 'm')
  await fill(OTHER, 500, 'o')
  report('quiet', await use(10), false)
  const attacker = fork(join(ROOT, '__test__/long/hostile/attacker.mjs'), [`${port}`, HOSTILE])
  const counted = new Promise((resolve) => attacker.once('message', resolve))
  // Wait until the attacker has opened its connections.
  await setTimeout(3000)
  report('attacked', await use(Number(values.seconds)), true)
  attacker.send('stop')
  for (const [name, counts] of Object.entries(await counted)) console.log(`  ${name}: ${summary(counts)}`)
  await setTimeout(2000)
  report('afterwards', await use(10), true)
  const { status } = await ask('POST', '/memory/add', { content: 'still there' }, HOSTILE)
  if (status !== 200) failures.push(`afterwards the hostile tenant's add is ${status}`)
} finally {
  server.kill('SIGTERM')
  const code = await new Promise((resolve) => server.once('exit', resolve))
  if (code !== 0) failures.push(`the server ended with ${code}`)
  rmSync(folder, { recursive: true, force: true })
}
console.log(failures.length > 0 ? `FAILED: ${failures.join('; ')}` : 'served')
process.exitCode = failures.length > 0 ? 1 : 0

async function serve() {
  const flags = ['--path', join(folder, 'store'), '--backup-dir', join(folder, 'backups'), '--port', '0', '--quiet']
  const env = { ...process.env, OPENMEMORY_API_KEYS: `hostile=${HOSTILE},other=${OTHER}` }
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/index.js'), 'serve', ...flags], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await new Promise((resolve) =>
    child.stdout.once('data', (text) => resolve(`${text}`.match(/:(\d+)/g))),
  )
  return { server: child, port: Number(line.slice(1)) }
}

async function fill(key, count, prefix) {
  for (let made = 0; made < count; made += 200) {
    const items = Array.from({ length: Math.min(200, count - made) }, (_, n) => {
      return { id: `${prefix}${made + n}`, content: `note ${made + n}`, metadata: { note: `text of ${made + n}` } }
    })
    const { status } = await ask('POST', '/memory/batch', { items }, key)
    if (status !== 200) throw new Error(`a batch is answered with ${status}`)
  }
}

/** Uses the server in all ways at once; the times of each, its refusals, and the most that the server was resident. */
async function use(seconds) {
  const until = performance.now() + seconds * 1000
  const used = Object.fromEntries(Object.keys(USES).map((name) => [name, { times: [], refused: {} }]))
  let resident = 0
  const users = Object.entries(USES).map(async ([name, { each, ask }]) => {
    while (performance.now() < until) {
      const begun = performance.now()
      const { status } = await ask()
      used[name].times.push(performance.now() - begun)
      if (status !== 200) used[name].refused[status] = (used[name].refused[status] ?? 0) + 1
      await setTimeout(Math.max(0, each - (performance.now() - begun)))
    }
  })
  const watch = setInterval(() => {
    resident = Math.max(resident, residentMegabytes())
  }, 100)
  await Promise.all(users)
  clearInterval(watch)
  return { used, resident }
}

function report(when, { used, resident }, judged) {
  console.log(`${when}: the server had at most ${resident.toFixed(0)} MB`)
  if (judged && resident > RESIDENT_MB) failures.push(`${when}: ${resident.toFixed(0)} MB`)
  for (const [name, { times, refused }] of Object.entries(used)) {
    times.sort((a, b) => a - b)
    const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))]
    const [p50, p99, most] = [at(0.5), at(0.99), at(1)].map((ms) => ms.toFixed(1))
    console.log(
      `  ${name}: ${times.length}, p50 ${p50}, p99 ${p99}, max ${most} ms; refused: ${summary(refused) || 'none'}`,
    )
    if (judged && at(0.99) > USES[name].limit) failures.push(`${when}: ${name} p99 ${p99} ms`)
    if (judged && Object.keys(refused).length > 0) failures.push(`${when}: ${name} refused (${summary(refused)})`)
  }
}

function residentMegabytes() {
  const [, kilobytes] = readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/) ?? [0, 0]
  return Number(kilobytes) / 1000
}

function summary(counts) {
  return Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ')
}

function any(n) {
  return Math.floor(Math.random() * n)
}

function ask(method, path, body, key = OTHER) {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...(key !== null && { 'x-api-key': key }),
    ...(text && { 'content-length': Buffer.byteLength(text) }),
  }
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode }))
      response.on('error', ({ code }) => resolve({ status: code }))
    })
    asked.on('error', ({ code }) => resolve({ status: code }))
    asked.end(text)
  })
}

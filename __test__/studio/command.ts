// `openmemory`, run as a process of its own until the test is over.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach } from '@jest/globals'

export const CLI = join(__dirname, '..', '..', 'dist', 'cli', 'index.js')
const children: ChildProcess[] = []

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => stop(child)))
})

/** Resolves to the document that the command prints first, and its process. */
export async function start(...args: string[]): Promise<{ shown: { url: string }; child: ChildProcess }> {
  const env = { ...process.env, OPENMEMORY_API_KEYS: '', BROWSER: 'false' }
  const child = spawn(process.execPath, [CLI, ...args, '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return { shown: JSON.parse(line as string), child }
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

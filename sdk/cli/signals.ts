// When does a long-running command stop?

import type { Readable } from 'node:stream'

/** Windows has no SIGTERM. There SIGBREAK is Ctrl+Break, and SIGHUP a console window that closes. */
const STOPPING: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGTERM', 'SIGINT']

/**
 * Resolves at the first signal that asks the process to stop, or when `input` ends. The second signal ends the process, as by
 * default.
 */
export async function untilStopped(input?: Readable): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of STOPPING) process.once(signal, () => resolve())
    // What it says is ignored.
    input?.once('close', resolve).once('end', resolve).once('error', resolve).resume()
  })
  // An open input would keep the process alive.
  input?.destroy()
}

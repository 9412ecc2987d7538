// When does a long-running command stop?

/** Resolves at the first SIGTERM or SIGINT. The second one ends the process, as by default. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

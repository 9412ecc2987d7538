// How does a user see the progress of a long call? As a bar, on a terminal.

const WIDTH = 30

export interface Bar {
  report(done: number, total: number): void
  end(): void
}

/** Undefined if standard error is not a terminal. */
export function progressBar(): Bar | undefined {
  const { stderr } = process
  if (!stderr.isTTY) return undefined
  let shown = false
  return {
    report(done, total) {
      const full = Math.round((WIDTH * done) / Math.max(total, 1))
      stderr.write(`\r[${'#'.repeat(full)}${' '.repeat(WIDTH - full)}] ${done}/${total}`)
      shown = true
    },
    end() {
      if (shown) stderr.write('\n')
    },
  }
}

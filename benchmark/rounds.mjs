// How are two sides compared on a noisy machine? Interleaved, round by round, with medians.

/**
 * Runs both sides interleaved for `rounds` rounds, after `warmup` rounds that do not count. A side gets the number of
 * the round and returns a figure, usually milliseconds. The sides alternate in going first. The ratio is the median of
 * the ratios per round, because noise affects both sides of a round.
 */
export async function inTurns({ rounds, warmup = 2, ours, other }) {
  const counted = { ours: [], other: [], ratio: [] }
  for (let round = -warmup; round < rounds; round++) {
    const figures = {}
    const order = round % 2 === 0 ? { ours, other } : { other, ours }
    for (const [side, run] of Object.entries(order)) figures[side] = await run(round + warmup)
    if (round < 0) continue
    counted.ours.push(figures.ours)
    counted.other.push(figures.other)
    counted.ratio.push(figures.ours / figures.other)
  }
  return { ours: median(counted.ours), other: median(counted.other), ratio: median(counted.ratio), rounds }
}

/** The duration of `work` in milliseconds. */
export async function timed(work) {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

export function median(values) {
  return percentile(values, 0.5)
}

/** The percentile: the smallest value that at least the share `at` of all values does not exceed. */
export function percentile(values, at) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)]
}

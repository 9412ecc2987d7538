// How are two things compared on a machine that is never quite quiet? In turns, round by round, and by medians.

/**
 * Runs both sides `rounds` times in turns, after `warmup` rounds that do not count. A side gets the number of the round
 * and gives its figure, mostly milliseconds. The sides take turns in going first, so that neither profits from its place.
 * The ratio is the median of the rounds' ratios: what slows one round slows both of its sides.
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

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

export function median(values) {
  return percentile(values, 0.5)
}

/** The smallest value that the share `at` of all values does not exceed. */
export function percentile(values, at) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)]
}

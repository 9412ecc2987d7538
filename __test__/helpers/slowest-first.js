// Which suites start first? The slowest, so that all workers finish at about the same time. Jest orders by earlier
// durations, which a fresh clone does not have, and then by file size, which is a poor estimate.

const { default: Sequencer } = require('@jest/test-sequencer')

/** Suites that wait for downloads, interleaved with suites that compute. */
const SLOWEST = [
  ...['server/mem0-clients', 'cli', 'server/python-client', 'server/fair-reads', 'pressure', 'mcp', 'examples'],
  ...['studio/accessibility', 'studio/keyboard', 'studio/changes', 'studio/newcomer', 'studio/api-page'],
  ...['documentation', 'docs', 'stopped-reads', 'server/transfer', 'ranking', 'server/remote', 'release', 'lifecycle'],
]

module.exports = class SlowestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests)
    return [...sorted].sort((one, other) => rank(one) - rank(other))
  }
}

function rank({ path }) {
  const at = SLOWEST.findIndex((name) => path.replaceAll('\\', '/').endsWith(`/__test__/${name}.test.ts`))
  return at === -1 ? SLOWEST.length : at
}

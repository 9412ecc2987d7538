// Which suites begin first? Those that take longest, so that all workers finish at about the same time. Jest orders by how
// long each took before, which a fresh clone does not know, and then by the size of the file, which says little.

const { default: Sequencer } = require('@jest/test-sequencer')

/** In turns those that wait for downloads and those that compute. */
const SLOWEST = [
  ...['server/mem0-clients', 'cli', 'server/python-client', 'server/fair-reads', 'pressure', 'mcp', 'examples'],
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

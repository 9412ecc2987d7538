const { availableParallelism } = require('node:os')

/** The tests that do not run on PostgreSQL, each with the reason. */
const NOT_IN_POSTGRES = require('./__test__/helpers/not-in-postgres.json')

/** What every project shares. */
const project = {
  rootDir: __dirname,
  testRegex: '\\.test\\.ts$',
  testEnvironment: 'node',
  // Types are checked by `npm run typecheck`; here they are only taken off.
  transform: { '\\.ts$': ['babel-jest', { configFile: './__test__/babel.config.json' }] },
  haste: { forceNodeFilesystemAPI: true },
}

/** What only a store in this process has: its directory, its options, what is shown beside it. */
const EMBEDDED_ONLY = [
  ...[
    'backup',
    'ci',
    'cli',
    'connections',
    'crates',
    'demo',
    'dependencies',
    'directory',
    'docs',
    'doctor',
    'documentation',
    'durability',
    'examples',
    'filters',
    'init',
    'lifecycle',
    'learn-command',
    'language-model',
    'lock-wait',
    'mcp',
    'mcp-learning',
    'model-check',
    'model-files',
    'modules',
    'multilingual',
    'no-binary',
    'options',
  ],
  ...[
    'pressure',
    'read-only',
    'readme',
    'release',
    'rust-runner',
    'stopped-reads',
    'stored-format',
    'subpaths',
    'webhook-destinations',
  ],
]

/** A project that reaches stores through servers. */
function remote(displayName, mode, ...ignored) {
  return {
    ...project,
    displayName,
    roots: ['<rootDir>/__test__'],
    globals: { openMemoryTestMode: 'remote', openMemoryTestStore: mode },
    testPathIgnorePatterns: [
      ...['/__test__/server/', '/__test__/studio/'],
      ...[...EMBEDDED_ONLY, ...ignored].map((name) => `/__test__/${name}\\.test\\.ts$`),
    ],
  }
}

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...project,
      displayName: 'embedded',
      roots: ['<rootDir>/__test__'],
      testPathIgnorePatterns: ['/__test__/studio/'],
    },
    { ...project, displayName: 'studio', roots: ['<rootDir>/__test__/studio'] },
    remote('remote'),
    // Only with a database: `npm run test:postgres`.
    ...(process.env.OPENMEMORY_TEST_POSTGRES ? [remote('postgres', 'postgres', ...Object.keys(NOT_IN_POSTGRES))] : []),
  ],
  // Jest would leave one core free, and so run everything in one process on two cores.
  // Most tests wait for processes, sockets and disks, so two at a time do not disturb each other.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testSequencer: '<rootDir>/__test__/helpers/slowest-first.js',
  testTimeout: 60_000,
  watchman: false,
}

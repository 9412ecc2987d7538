/** @type {import('jest').Config} */
module.exports = {
  roots: ['<rootDir>/__test__'],
  testRegex: '\\.test\\.ts$',
  testEnvironment: 'node',
  // Types are checked by `npm run typecheck`; here they are only taken off.
  transform: { '\\.ts$': ['babel-jest', { configFile: './__test__/babel.config.json' }] },
  testTimeout: 60_000,
  haste: { forceNodeFilesystemAPI: true },
  watchman: false,
}

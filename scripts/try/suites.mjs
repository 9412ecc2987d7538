// Which suites of Jest are run, and how? Each in a process of its own, so that one that crashes does not hide the others.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, root } from '../platform.mjs'

const TESTS = join(root, '__test__')
const LIMIT_MS = 1_800_000
const TEST_LIMIT_MS = 300_000
const SHOWN = 1500

/** They read this repository, and find the same on every platform. */
const ABOUT_THE_REPOSITORY = ['ci', 'crates', 'dependencies', 'docs', 'documentation', 'release', 'rust-runner']

/** Those to run, and the others with the reason. */
export function chooseSuites(wanted, { usual, left }) {
  const known = readdirSync(TESTS, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.replaceAll('\\', '/').slice(0, -'.test.ts'.length))
    .sort()
  const unknown = wanted?.find((suite) => !known.includes(suite))
  if (unknown !== undefined) throw new Error(`There is no suite ${unknown} in __test__/`)
  if (wanted) return { chosen: wanted, left: [['all others', 'not asked for']] }
  const reasons = known.map((suite) => [suite, reasonAgainst(suite, usual, left)])
  const chosen = reasons.filter(([, why]) => why === undefined).map(([suite]) => suite)
  return { chosen, left: reasons.filter(([, why]) => why !== undefined) }
}

function reasonAgainst(suite, usual, left) {
  if (ABOUT_THE_REPOSITORY.includes(suite)) return 'reads the repository, which is the same on every platform'
  if (suite.startsWith('studio/')) return 'is run by a browser, which is the same with every binary'
  if (left[suite] !== undefined) return left[suite]
  return usual && !usual.includes(suite) ? 'the emulator is too slow to run all' : undefined
}

export function runSuite(machine, repository, suite, work) {
  const file = join(work, 'results.json')
  rmSync(file, { force: true })
  const began = performance.now()
  const args = [
    ...['node_modules/jest/bin/jest.js', '--selectProjects', 'embedded', '--runInBand', '--forceExit', '--json'],
    ...[`--testTimeout=${TEST_LIMIT_MS}`, `--outputFile=${machine.inside(file)}`],
    `__test__/${suite}.test.ts`,
  ]
  const { status, printed } = machine.node(args, { cwd: repository, timeout: LIMIT_MS })
  const seconds = Math.round((performance.now() - began) / 1000)
  if (!existsSync(file)) {
    const messages = [`no result, exit code ${status}: ${printed.slice(-SHOWN)}`]
    return { suite, ok: false, passed: 0, failed: 0, skipped: 0, seconds, messages }
  }
  const { success, numPassedTests, numFailedTests, numPendingTests, numTotalTests, testResults } = readJson(file)
  console.error(`> ${suite}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
  return {
    ...{ suite, ok: success && numTotalTests > 0, seconds },
    ...{ passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests },
    messages: testResults.filter(({ message }) => message).map(({ message }) => message.slice(0, SHOWN)),
  }
}

// What README shows is so: the code runs as printed, and the tables name what there is.

import { expect, test } from '@jest/globals'
import { OpenMemory } from '@openmemory/sdk'
import { examplesOf, firstCells, printedBy, read } from './helpers/markdown'

const README = read('README.md')
const EXAMPLES = examplesOf(README)

test('every code block of README is an example with its output', () => {
  expect(EXAMPLES).toHaveLength(2)
  expect(README.match(/^```js/gm)).toHaveLength(EXAMPLES.length)
})

test.each(EXAMPLES)('example %# of README prints the output shown below it, in at most 12 lines', (example) => {
  expect(example.code.trim().split('\n').length).toBeLessThanOrEqual(12)
  expect(printedBy(example)).toBe(example.output)
})

test('the table of README names every method, and no other', () => {
  const named = firstCells(README, 'API').flatMap((cell) => [...cell.matchAll(/(\w+)\(/g)].map(([, name]) => name))
  const methods = Object.getOwnPropertyNames(OpenMemory.prototype).filter((name) => name !== 'constructor')
  expect([...new Set(named)].sort()).toEqual(['OpenMemory', ...methods].sort())
})

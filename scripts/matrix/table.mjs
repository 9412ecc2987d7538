// How is a table of the matrix filled and printed? Each cell is a check that answers with a word or throws.

import { availableParallelism } from 'node:os'

export const YES = 'yes'
export const NOT_APPLICABLE = '–'

let failed = 0

export function failures() {
  return failed
}

/** A Markdown table. Cells are computed row by row, as many at a time as there are cores. */
export async function print(head, columns, rows, cell) {
  const cells = rows.flatMap(([name, row]) => columns.map((column) => ({ name, row, column })))
  const answers = []
  let next = 0
  const askOn = async () => {
    while (next < cells.length) {
      const at = next++
      const { name, row, column } = cells[at]
      answers[at] = await attempt(`${name}, ${column}`, () => cell(row, column, name))
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), cells.length) }, askOn))
  const lines = [
    [head, ...columns],
    ['---', ...columns.map(() => '---')],
    ...rows.map(([name], at) => [name, ...answers.slice(at * columns.length, (at + 1) * columns.length)]),
  ]
  console.log(`\n${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}`)
}

async function attempt(what, check) {
  try {
    const answer = (await check()) ?? YES
    if (answer !== NOT_APPLICABLE) console.error(`> ${what}: ${answer}`)
    return answer
  } catch (error) {
    failed++
    const { stdout, stderr, stack, signal } = error
    console.error(`> ${what}: FAILED`)
    console.error(`${stdout ?? ''}${stderr ?? ''}${stack}${signal ?? ''}`.split('\n').slice(-40).join('\n'))
    return '**no**'
  }
}

// Which columns and rows of the matrix are asked for? All, or a list per table; `none` leaves a table out.

import process from 'node:process'
import { parseArgs } from 'node:util'

const NONE = 'none'

/** @param known the names of each list, by its flag; `usual` are those of a flag that is not given */
export function readOptions(known, usual) {
  const lists = Object.fromEntries(Object.keys(known).map((flag) => [flag, { type: 'string' }]))
  const { values } = parseArgs({
    options: {
      ...lists,
      ...{ dist: { type: 'boolean' }, keep: { type: 'boolean' }, packed: { type: 'string' } },
    },
  })
  const chosen = Object.entries(known).map(([flag, names]) => [flag, chosenOf(flag, values[flag], names, usual[flag])])
  return { ...values, chosen: Object.fromEntries(chosen) }
}

function chosenOf(flag, value, known, usual = known) {
  if (value === undefined) return usual
  if (value === NONE) return []
  const chosen = value.split(',')
  const unknown = chosen.find((name) => !known.includes(name))
  if (unknown === undefined) return chosen
  console.error(`--${flag}: ${unknown} is none of ${[...known, NONE].join(', ')}`)
  return process.exit(2)
}

// How much memory may loaded memories take? One number for all stores of the process, since they share its memory.

import { totalmem } from 'node:os'
import process from 'node:process'
import { invalid } from '../errors'

/** The part of the memory of the machine or container that is used if no option says otherwise. */
const DEFAULT_SHARE = 4

let chosen: number | undefined

/** The option, checked. A store without it leaves what another one has chosen. */
export function indexMemoryOf(option: unknown): number {
  if (option !== undefined) {
    if (!Number.isSafeInteger(option) || (option as number) < 0) {
      throw invalid('indexMemory', 'must be an integer number of bytes from 0 on')
    }
    chosen = option as number
  }
  return chosen ?? Math.floor(availableMemory() / DEFAULT_SHARE)
}

/** The memory of the machine, or what its container may use. */
function availableMemory(): number {
  // Node 18.15 and later; 0 or a huge number without a limit.
  const limit = process.constrainedMemory?.() || totalmem()
  return Math.min(limit, totalmem())
}

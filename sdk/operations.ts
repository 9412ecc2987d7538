// Which operations does a caller mean, and which undo them?

import type * as contract from '../index'
import type { PlainObject } from './backend'
import { invalid } from './errors'
import { checkRecord, describe } from './validate/arguments'
import { isPlainObject } from './validate/json'

const KINDS = ['add', 'update', 'retire', 'merge', 'restore', 'delete'] as const

/** One operation, with plain data. */
export function checkOperation(
  operation: unknown,
  name: string,
  scoped: (memory: PlainObject) => PlainObject,
): PlainObject {
  if (!isPlainObject(operation)) throw invalid(name, `must be a plain object, not ${describe(operation)}`)
  const [kind, ...more] = Object.keys(operation) as (typeof KINDS)[number][]
  if (kind === undefined || more.length > 0 || !KINDS.includes(kind)) {
    throw invalid(name, `must have exactly one of ${KINDS.join(', ')}`)
  }
  const asked = checkRecord(operation[kind], kind)
  return { [kind]: kind === 'add' ? scoped(asked) : asked }
}

/** What an undo has to know of a result. */
type Done = Pick<contract.OperatedMemory, 'id' | 'version' | 'event' | 'merged'>

/** What takes the operations back that had these results, last one first. */
export function undoing(results: readonly contract.ItemResult<Done>[]): PlainObject[] {
  if (!Array.isArray(results)) throw invalid('results', 'must be what applyOperations returned')
  const undone = results.map((result, index): PlainObject[] => {
    if (result?.ok !== true) return []
    const { id, version, event, merged = [] } = result.memory
    if (event === 'NONE') return []
    if (event === 'ADD') return [{ delete: { id, ifVersion: version } }]
    if (event === 'UPDATE' || event === 'RETIRE' || event === 'RESTORE') {
      return [...merged, { id, version }].map(before)
    }
    throw invalid(`results[${index}]`, `cannot be undone: what is deleted is gone`)
  })
  return undone.reverse().flat()
}

function before({ id, version }: Pick<Done, 'id' | 'version'>): PlainObject {
  return { restore: { id, version: version - 1, ifVersion: version } }
}

// Does a response have the shape that its route promises? Another server's `{}` must not pass for a memory.

type Shape = (answer: unknown) => boolean

export const isDone: Shape = (answer) => has(answer, { ok: isTrue })

export const isMemory: Shape = (answer) => has(answer, { id: isText, content: isText, version: isNumber })

export const isStats: Shape = (answer) => has(answer, { memories: isNumber })

export const isBackup: Shape = (answer) => has(answer, { memories: isNumber, bytes: isNumber })

export const isCompacted: Shape = (answer) => has(answer, { bytes_before: isNumber, bytes_after: isNumber })

export const isExported: Shape = isBackup

export const isImported: Shape = (answer) => has(answer, { imported: isNumber, errors: Array.isArray })

export const isReindexed: Shape = (answer) => has(answer, { reindexed: isNumber })

export const isDeletion: Shape = (answer) => has(answer, { deleted: isNumber, ids: Array.isArray })

export const isLearning: Shape = (answer) => has(answer, { id: isText, status: isText, operations: Array.isArray })

export const isCount: Shape = (answer) => has(answer, { deleted: isNumber })

/** An object with a memory in its field `memory`. */
export const holdsMemory: Shape = (answer) => has(answer, { memory: isMemory })

/** An object with a list of objects in its field `name`. */
export function holdsList(name: string, of: Shape = isObject): Shape {
  const isList = (value: unknown) => Array.isArray(value) && value.every(of)
  return (answer) => has(answer, { [name]: isList })
}

/** The results of a batch of `count` items. */
export function holdsResults(count: number): Shape {
  const isResult: Shape = (result) => has(result, { ok: isTrue, memory: isObject }) || has(result, { error: isObject })
  const holds = holdsList('results', isResult)
  return (answer) => holds(answer) && (answer as { results: unknown[] }).results.length === count
}

function has(answer: unknown, fields: Record<string, Shape>): boolean {
  if (!isObject(answer)) return false
  return Object.entries(fields).every(([name, fits]) => fits((answer as Record<string, unknown>)[name]))
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

function isTrue(value: unknown): boolean {
  return value === true
}

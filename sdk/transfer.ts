// Which file is meant, and what became of the memories in it?

import { resolve } from 'node:path'
import type { ImportSummary } from '../index'
import { type EngineFailure, errorOf } from './answer'
import { describe } from './arguments'
import type { CallSite } from './call-site'
import { invalid } from './errors'
import { assertLossless } from './json'

/** An import's summary as the engine tells it. */
export type EngineImport = Omit<ImportSummary, 'errors'> & {
  errors: { line: number; id: string; error: EngineFailure }[]
}

/** The file's full path now: a later chdir does not move it. */
export function checkFile(file: unknown): string {
  if (typeof file !== 'string') throw invalid('file', `must be the path of a file, not ${describe(file)}`)
  if (file === '') throw invalid('file', 'must not be empty')
  if (file.includes('\0')) throw invalid('file', 'must not hold a null character')
  assertLossless(file, 'file')
  return resolve(file)
}

export function importSummary(told: EngineImport, site: CallSite): ImportSummary {
  return {
    ...told,
    errors: told.errors.map(({ error, ...where }) => ({ ...where, error: site.claim(errorOf(error)) })),
  }
}

// Is this the path of a file?

import { resolve } from 'node:path'
import { invalid } from '../errors'
import { describe } from './arguments'
import { assertLossless } from './json'

/** The absolute path of the file, resolved now so that a later chdir does not move it. */
export function checkFile(file: unknown): string {
  if (typeof file !== 'string') throw invalid('file', `must be the path of a file, not ${describe(file)}`)
  if (file === '') throw invalid('file', 'must not be empty')
  if (file.includes('\0')) throw invalid('file', 'must not contain a null character')
  assertLossless(file, 'file')
  return resolve(file)
}

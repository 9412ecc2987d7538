// There are no files in this runtime; takes the place of pipes.ts, validate/file.ts and http/files.ts.

import { invalid } from '../errors'

/** Every call with a file begins here, so the others are never reached. */
export function checkFile(): never {
  throw invalid(
    'file',
    'cannot be used here; export and import with @openmemory/sdk, or by GET /export and POST /import',
  )
}

export const readingFrom = checkFile
export const writingTo = checkFile
export const checkTarget = checkFile
export const save = checkFile
export const sizeOf = checkFile

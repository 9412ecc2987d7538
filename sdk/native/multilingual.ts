// Where is the multilingual model? In a package of its own, which is installed or is not.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export const MULTILINGUAL_PACKAGE = '@openmemory/model-multilingual'

/** As this package or the program in the current directory finds it. */
export function multilingualFolder(): string | undefined {
  for (const from of [__filename, join(process.cwd(), 'index.js')]) {
    try {
      return dirname(createRequire(from).resolve(`${MULTILINGUAL_PACKAGE}/package.json`))
    } catch {
      // It is not installed there.
    }
  }
  return undefined
}

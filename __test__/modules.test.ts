// import and require give the same names and the same classes.

import { expect, test } from '@jest/globals'
import { messageOf } from './helpers/child'

const sdk = require('@openmemory/sdk') as object

test('import, require and import by path share their classes', async () => {
  const seen = await messageOf<{ names: string[]; importedNames: string[]; same: boolean }>('classes.mjs')
  expect(seen.names).toEqual(Object.keys(sdk).sort())
  expect(seen.importedNames).toEqual(seen.names)
  expect(seen.same).toBe(true)
})

test('only named exports, and nothing internal', () => {
  expect(Object.keys(sdk).sort()).toEqual([
    ...['AuthenticationError', 'ImmutableMemoryError', 'NotFoundError', 'OpenMemory', 'OpenMemoryError'],
    ...['RateLimitError', 'ValidationError', 'VersionConflictError', 'checkModel', 'doctor'],
  ])
})

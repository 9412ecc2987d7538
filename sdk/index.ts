// What does the package export? The names of the contract; the compiler compares their types.

import type * as contract from '../index'
import { checkModel } from './check-model'
import { doctor } from './doctor'
import * as errors from './errors'
import { OpenMemory } from './open-memory'

export { checkModel } from './check-model'
export { doctor } from './doctor'
export {
  AuthenticationError,
  ImmutableMemoryError,
  NotFoundError,
  OpenMemoryError,
  RateLimitError,
  ValidationError,
  VersionConflictError,
} from './errors'
export { OpenMemory } from './open-memory'

const { failure: _failure, invalid: _invalid, renamed: _renamed, ...classes } = errors
void ({ OpenMemory, checkModel, doctor, ...classes } satisfies typeof contract)

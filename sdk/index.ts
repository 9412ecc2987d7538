// What does the package export? The names of the contract; the compiler compares their types.

import type * as contract from '../index'
import { doctor } from './doctor'
import * as errors from './errors'
import { OpenMemory } from './open-memory'

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
void ({ OpenMemory, doctor, ...classes } satisfies typeof contract)

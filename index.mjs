// The same classes as `require` gives, so that `instanceof` holds across both.
export {
  AuthenticationError,
  checkModel,
  doctor,
  ImmutableMemoryError,
  NotFoundError,
  OpenMemory,
  OpenMemoryError,
  RateLimitError,
  ValidationError,
  VersionConflictError,
} from './index.js'

'use strict'

// Spelled out, so that `import { OpenMemory } from '…/index.js'` finds the names too.
const {
  OpenMemory,
  doctor,
  OpenMemoryError,
  ValidationError,
  AuthenticationError,
  NotFoundError,
  VersionConflictError,
  ImmutableMemoryError,
  RateLimitError,
} = require('./dist/index.js')

module.exports = {
  OpenMemory,
  doctor,
  OpenMemoryError,
  ValidationError,
  AuthenticationError,
  NotFoundError,
  VersionConflictError,
  ImmutableMemoryError,
  RateLimitError,
}

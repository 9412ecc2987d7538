'use strict'

// Spelled out, so that `import { OpenMemory } from '…/index.js'` finds the names too.
const {
  OpenMemory,
  checkModel,
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
  checkModel,
  doctor,
  OpenMemoryError,
  ValidationError,
  AuthenticationError,
  NotFoundError,
  VersionConflictError,
  ImmutableMemoryError,
  RateLimitError,
}

// Which error classes are there, and what follows from a code: its class, its HTTP status, and whether a retry can help?

import type * as contract from '../index'

type ErrorCode = contract.ErrorCode

export class OpenMemoryError extends Error {
  static {
    named(OpenMemoryError, 'OpenMemoryError')
  }
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly details: contract.ErrorDetails
  declare readonly cause?: unknown

  constructor(code: ErrorCode, message: string, properties: contract.ErrorProperties = {}) {
    super(message, 'cause' in properties ? { cause: properties.cause } : undefined)
    const { status, retryable = false } = CODES[code]
    this.code = code
    this.status = status
    this.retryable = properties.retryable ?? retryable
    this.details = (properties.details ?? {}) as contract.ErrorDetails
  }
}

export class ValidationError extends OpenMemoryError {
  static {
    named(ValidationError, 'ValidationError')
  }
  declare readonly code: contract.ValidationError['code']
  declare readonly details: contract.ValidationDetails
  get field(): string | undefined {
    const { field } = this.details
    return typeof field === 'string' ? field : undefined
  }
}

export class AuthenticationError extends OpenMemoryError {
  static {
    named(AuthenticationError, 'AuthenticationError')
  }
  declare readonly code: contract.AuthenticationError['code']
  declare readonly details: contract.RefusalDetails
}

export class NotFoundError extends OpenMemoryError {
  static {
    named(NotFoundError, 'NotFoundError')
  }
  declare readonly code: 'NOT_FOUND'
  declare readonly details: contract.NotFoundDetails
}

export class VersionConflictError extends OpenMemoryError {
  static {
    named(VersionConflictError, 'VersionConflictError')
  }
  declare readonly code: 'VERSION_CONFLICT'
  declare readonly details: contract.VersionConflictDetails
  get version(): number {
    return Number(this.details.version)
  }
}

export class ImmutableMemoryError extends OpenMemoryError {
  static {
    named(ImmutableMemoryError, 'ImmutableMemoryError')
  }
  declare readonly code: 'IMMUTABLE'
  declare readonly details: contract.ImmutableMemoryDetails
}

export class RateLimitError extends OpenMemoryError {
  static {
    named(RateLimitError, 'RateLimitError')
  }
  declare readonly code: 'RATE_LIMITED'
  declare readonly details: contract.RefusalDetails
}

interface CodeFacts {
  status: number
  /** Whether a failure with this code is usually transient. What reports a failure may know better. */
  retryable?: true
  /** Default: OpenMemoryError. */
  type?: new (
    code: ErrorCode,
    message: string,
    properties?: contract.ErrorProperties,
  ) => OpenMemoryError
}

const CODES: Record<ErrorCode, CodeFacts> = {
  MISSING_ID: { status: 400, type: ValidationError },
  INVALID_ARGUMENT: { status: 400, type: ValidationError },
  UNAUTHORIZED: { status: 401, type: AuthenticationError },
  FORBIDDEN: { status: 403, type: AuthenticationError },
  NOT_FOUND: { status: 404, type: NotFoundError },
  VERSION_CONFLICT: { status: 409, type: VersionConflictError },
  IMMUTABLE: { status: 409, type: ImmutableMemoryError },
  LIMIT_EXCEEDED: { status: 413, type: ValidationError },
  RATE_LIMITED: { status: 429, type: RateLimitError, retryable: true },
  CLOSED: { status: 503 },
  LOCKED: { status: 503, retryable: true },
  ABORTED: { status: 503 },
  TIMEOUT: { status: 503, retryable: true },
  UNAVAILABLE: { status: 503, retryable: true },
  IO: { status: 500, retryable: true },
  CORRUPTED: { status: 500 },
  FORMAT_UNSUPPORTED: { status: 500 },
  MODEL_UNAVAILABLE: { status: 500 },
  MODEL_MISMATCH: { status: 500 },
  EMBEDDING_FAILED: { status: 500, retryable: true },
  NO_LANGUAGE_MODEL: { status: 400 },
  LANGUAGE_MODEL_FAILED: { status: 502 },
  UNSUPPORTED: { status: 501 },
  INTERNAL: { status: 500 },
}

/** The error of the class that belongs to the code. A code unknown to this version becomes `INTERNAL`. */
export function failure(code: string, message: string, properties?: contract.ErrorProperties): OpenMemoryError {
  const known = Object.hasOwn(CODES, code) ? (code as ErrorCode) : 'INTERNAL'
  return new (CODES[known].type ?? OpenMemoryError)(known, message, properties)
}

export function invalid(field: string, problem: string, code: ErrorCode = 'INVALID_ARGUMENT'): OpenMemoryError {
  return failure(code, field === '' ? problem : `${field} ${problem}`, { details: { field } })
}

/** The error with its field under the name that the caller used. Any other error is returned as it is. */
export function renamed(error: unknown, field: string, name: string): unknown {
  if (!(error instanceof OpenMemoryError) || error.details.field !== field) return error
  const { code, message, details, retryable } = error
  const reworded = message.startsWith(field) ? name + message.slice(field.length) : message
  return failure(code, reworded, { details: { ...details, field: name }, retryable })
}

// On the prototype, so that the name is not an own property of printed errors.
function named(type: { prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

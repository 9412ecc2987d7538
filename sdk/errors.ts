// Which error classes are there, and which HTTP status goes with each code?

import type { ErrorCode, ErrorProperties, JsonValue } from '../index'

const STATUS: Record<ErrorCode, number> = {
  MISSING_ID: 400,
  INVALID_ARGUMENT: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  VERSION_CONFLICT: 409,
  IMMUTABLE: 409,
  LIMIT_EXCEEDED: 413,
  RATE_LIMITED: 429,
  CLOSED: 503,
  LOCKED: 503,
  ABORTED: 503,
  TIMEOUT: 503,
  UNAVAILABLE: 503,
  IO: 500,
  CORRUPTED: 500,
  FORMAT_UNSUPPORTED: 500,
  MODEL_UNAVAILABLE: 500,
  MODEL_MISMATCH: 500,
  EMBEDDING_FAILED: 500,
  INTERNAL: 500,
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['LOCKED', 'RATE_LIMITED', 'TIMEOUT', 'UNAVAILABLE'])

export class OpenMemoryError extends Error {
  static {
    named(OpenMemoryError, 'OpenMemoryError')
  }
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly details: Record<string, JsonValue>
  declare readonly cause?: unknown

  constructor(code: ErrorCode, message: string, properties: ErrorProperties = {}) {
    super(message, 'cause' in properties ? { cause: properties.cause } : undefined)
    this.code = code
    this.status = STATUS[code]
    this.retryable = properties.retryable ?? RETRYABLE.has(code)
    this.details = properties.details ?? {}
  }
}

export class ValidationError extends OpenMemoryError {
  static {
    named(ValidationError, 'ValidationError')
  }
  get field(): string | undefined {
    const { field } = this.details
    return typeof field === 'string' ? field : undefined
  }
}

export class AuthenticationError extends OpenMemoryError {
  static {
    named(AuthenticationError, 'AuthenticationError')
  }
}

export class NotFoundError extends OpenMemoryError {
  static {
    named(NotFoundError, 'NotFoundError')
  }
}

export class VersionConflictError extends OpenMemoryError {
  static {
    named(VersionConflictError, 'VersionConflictError')
  }
  get version(): number {
    return Number(this.details.version)
  }
}

export class ImmutableMemoryError extends OpenMemoryError {
  static {
    named(ImmutableMemoryError, 'ImmutableMemoryError')
  }
}

export class RateLimitError extends OpenMemoryError {
  static {
    named(RateLimitError, 'RateLimitError')
  }
}

const CLASS: Partial<Record<ErrorCode, typeof OpenMemoryError>> = {
  MISSING_ID: ValidationError,
  INVALID_ARGUMENT: ValidationError,
  LIMIT_EXCEEDED: ValidationError,
  UNAUTHORIZED: AuthenticationError,
  FORBIDDEN: AuthenticationError,
  NOT_FOUND: NotFoundError,
  VERSION_CONFLICT: VersionConflictError,
  IMMUTABLE: ImmutableMemoryError,
  RATE_LIMITED: RateLimitError,
}

/** The error of the class that belongs to the code. A code unknown to this version becomes `INTERNAL`. */
export function failure(code: string, message: string, properties?: ErrorProperties): OpenMemoryError {
  const known = Object.hasOwn(STATUS, code) ? (code as ErrorCode) : 'INTERNAL'
  return new (CLASS[known] ?? OpenMemoryError)(known, message, properties)
}

export function invalid(field: string, problem: string, code: ErrorCode = 'INVALID_ARGUMENT'): OpenMemoryError {
  return failure(code, field === '' ? problem : `${field} ${problem}`, { details: { field } })
}

// On the prototype, so that the name is no property of its own in printed errors.
function named(type: { prototype: Error }, name: string): void {
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
}

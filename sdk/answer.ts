// What did the engine answer? Its answers are data, so that the errors made of them are errors of the user's realm.

import type { JsonValue } from '../index'
import { causeOf } from './embedder'
import { failure, type OpenMemoryError } from './errors'

export interface EngineFailure {
  code: string
  message: string
  field?: string
  details?: Record<string, JsonValue>
  retryable?: boolean
}

type Answer<T> = { ok: T } | { error: EngineFailure }

export async function read<T>(answer: Promise<string>): Promise<T> {
  const outcome = JSON.parse(await answer) as Answer<T>
  if ('error' in outcome) throw errorOf(outcome.error)
  return outcome.ok
}

export function errorOf(told: EngineFailure): OpenMemoryError {
  const { message, cause } = causeOf(told.message)
  const details = told.field === undefined ? told.details : { field: told.field, ...told.details }
  return failure(told.code, message, {
    ...(details && { details }),
    ...(told.retryable !== undefined && { retryable: told.retryable }),
    ...(cause !== undefined && { cause }),
  })
}

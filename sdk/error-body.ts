// How do failures cross a boundary? The addon and the server send them as data, so that the errors made from it belong to
// the user's realm.

import type { ImportSummary, ItemResult, JsonValue } from '../index'
import { redeem } from './embed-errors'
import { failure, type OpenMemoryError } from './errors'

export interface ErrorBody {
  code: string
  message: string
  field?: string
  details?: Record<string, JsonValue>
  retryable?: boolean
}

/** One result of a batch, as it is sent. */
export type ItemBody<T> = { ok: true; memory: T } | { ok: false; id?: string; error: ErrorBody }

/** The summary of an import, as it is sent. */
export type ImportBody = Omit<ImportSummary, 'errors'> & { errors: { line: number; id: string; error: ErrorBody }[] }

export function errorOf(body: ErrorBody): OpenMemoryError {
  const { message, cause } = redeem(body.message)
  const details = body.field === undefined ? body.details : { field: body.field, ...body.details }
  return failure(body.code, message, {
    ...(details && { details }),
    ...(body.retryable !== undefined && { retryable: body.retryable }),
    ...(cause !== undefined && { cause }),
  })
}

export function itemResults<T>(items: ItemBody<T>[]): ItemResult<T>[] {
  return items.map((item) => (item.ok ? item : { ...item, error: errorOf(item.error) }))
}

export function importSummary({ errors, ...counts }: ImportBody): ImportSummary {
  return { ...counts, errors: errors.map(({ error, ...where }) => ({ ...where, error: errorOf(error) })) }
}

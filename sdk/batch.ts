// How does each item of a batch get its own result, if some items are rejected before the engine sees them?

import type { ItemResult } from '../index'
import type { CallSite } from './call-site'
import { failure, type OpenMemoryError } from './errors'

/** Sends the items that `prepare` accepts; each result has its item's index. */
export async function perItem<T, R, M>(
  items: readonly T[],
  { atomic, site, prepare }: { atomic: boolean; site: CallSite; prepare: (item: T, index: number) => R },
  send: (accepted: R[]) => Promise<ItemResult<M>[]>,
): Promise<ItemResult<M>[]> {
  const results = new Array<ItemResult<M>>(items.length)
  const accepted: R[] = []
  const indexes: number[] = []
  // By index, because a hole in the array is an item too.
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T
    try {
      accepted.push(prepare(item, index))
      indexes.push(index)
    } catch (error) {
      results[index] = failed(item, site.withCallerStack(error))
    }
  }

  if (atomic && accepted.length < items.length) {
    for (const index of indexes) {
      const error = failure('ABORTED', 'nothing was written, because another item of the atomic batch was rejected')
      results[index] = failed(items[index], site.withCallerStack(error))
    }
  } else if (accepted.length > 0) {
    for (const [at, result] of (await send(accepted)).entries()) {
      results[indexes[at] as number] = result.ok ? result : { ...result, error: site.withCallerStack(result.error) }
    }
  }
  return results
}

function failed(item: unknown, error: OpenMemoryError): { ok: false; id?: string; error: OpenMemoryError } {
  const id = typeof item === 'string' ? item : (item as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? { ok: false, id, error } : { ok: false, error }
}

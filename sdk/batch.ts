// How does each item of a batch get its own result, when some items are refused before the engine sees them?

import type { ItemResult } from '../index'
import { type EngineFailure, errorOf } from './answer'
import type { CallSite } from './call-site'
import { failure, type OpenMemoryError } from './errors'

/** An item's result as the engine tells it. */
export type EngineItem<M> = { ok: true; memory: M } | { ok: false; id?: string; error: EngineFailure }

/** Sends the items that `prepare` accepts; every result stands at its item's place. */
export async function perItem<T, R, M>(
  items: readonly T[],
  { atomic, site, prepare }: { atomic: boolean; site: CallSite; prepare: (item: T, index: number) => R },
  send: (accepted: R[]) => Promise<EngineItem<M>[]>,
): Promise<ItemResult<M>[]> {
  const results = new Array<ItemResult<M>>(items.length)
  const accepted: R[] = []
  const places: number[] = []
  // By number, since a hole of an array is an item too.
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as T
    try {
      accepted.push(prepare(item, index))
      places.push(index)
    } catch (error) {
      results[index] = refused(item, site.claim(error))
    }
  }

  if (atomic && accepted.length < items.length) {
    for (const index of places) {
      const error = failure('ABORTED', 'nothing was written, since another item of the atomic batch was refused')
      results[index] = refused(items[index], site.claim(error))
    }
  } else if (accepted.length > 0) {
    const answers = await send(accepted)
    answers.forEach((answer, at) => {
      results[places[at] as number] = answer.ok ? answer : { ...answer, error: site.claim(errorOf(answer.error)) }
    })
  }
  return results
}

function refused(item: unknown, error: OpenMemoryError): { ok: false; id?: string; error: OpenMemoryError } {
  const id = typeof item === 'string' ? item : (item as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? { ok: false, id, error } : { ok: false, error }
}

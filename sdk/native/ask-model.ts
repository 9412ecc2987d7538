// How does the addon ask the user's language model? With JSON text, which resolves to an answer or to a failure.

import { AsyncLocalStorage } from 'node:async_hooks'
import { onAbort } from '../abort'
import { invalid } from '../errors'
import { type Model, ModelFailure, type ModelRequest } from '../language-model/model'
import type { NativeComplete } from './addon'

/** What the model is asked about whose function runs, from the outermost call. */
const asking = new AsyncLocalStorage<readonly string[]>()

type Numbered = ModelRequest & { call: number }

/** Nobody waits for the answer to the request with this number any longer. */
interface Withdrawn {
  withdrawn: number
}

/** What the addon is told of a model. */
export function describeModel({ id, contextTokens, maxOutputTokens }: Model): string {
  return JSON.stringify({ id, contextTokens, maxOutputTokens })
}

/** Never rejects. `about` is what {@link refuseWithin} reads; a server's calls have none. */
export function askWith(model: Model, signal?: AbortSignal, about = ''): NativeComplete {
  const around = [...(asking.getStore() ?? []), about]
  const pending = new Map<number, AbortController>()
  const answer = async ({ call, ...request }: Numbered) => {
    const stop = new AbortController()
    pending.set(call, stop)
    const release = onAbort(signal, () => stop.abort(signal?.reason))
    try {
      return { ok: await asking.run(around, () => model.complete(request, stop.signal)) }
    } catch (error) {
      const failure = error instanceof ModelFailure ? error : new ModelFailure('http', String(error), false)
      const { why, message, retryable } = failure
      return { error: { why, message, retryable } }
    } finally {
      release()
      pending.delete(call)
    }
  }
  return async (text) => {
    const asked = JSON.parse(text) as Numbered | Withdrawn
    if (!('withdrawn' in asked)) return JSON.stringify(await answer(asked))
    pending.get(asked.withdrawn)?.abort()
    return '{}'
  }
}

/** Refuses a call that would wait for itself: calls about one scope run one after another. */
export function refuseWithin(about: string): void {
  if (!asking.getStore()?.includes(about)) return
  throw invalid('languageModel', 'must not learn about the scope that it is asked about; answer first, and learn later')
}

/** A scope of a directory. */
export function scopeOf(directory: string, { user_id, agent_id, app_id, run_id }: Record<string, unknown>): string {
  return JSON.stringify([directory, user_id ?? null, agent_id ?? null, app_id ?? null, run_id ?? null])
}

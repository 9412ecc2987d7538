// How does the addon ask the user's language model? With JSON text, which resolves to an answer or to a failure.

import { type Model, ModelFailure, type ModelRequest } from '../language-model/model'
import type { NativeComplete } from './addon'

/** What the addon is told of a model. */
export function describeModel({ id, contextTokens, maxOutputTokens }: Model): string {
  return JSON.stringify({ id, contextTokens, maxOutputTokens })
}

/** Never rejects. */
export function askWith(model: Model, signal: AbortSignal): NativeComplete {
  return async (text) => {
    try {
      return JSON.stringify({ ok: await model.complete(JSON.parse(text) as ModelRequest, signal) })
    } catch (error) {
      const failure = error instanceof ModelFailure ? error : new ModelFailure('http', String(error), false)
      const { why, message, retryable } = failure
      return JSON.stringify({ error: { why, message, retryable } })
    }
  }
}

// How is a language model asked that the user wraps in a function? Once, with a deadline.

import type { FunctionLanguageModel, LanguageModelAnswer } from '../../index'
import { type Model, ModelFailure } from './model'

/** A call that never answers would hold up every later one about the same user. */
const TIMEOUT_MS = 300_000

type Given = FunctionLanguageModel & { contextTokens: number; maxOutputTokens: number }

export function functionModel(given: Given): Model {
  const { id, contextTokens, maxOutputTokens } = given
  return {
    id,
    contextTokens,
    maxOutputTokens,
    async complete(request, signal) {
      const deadline = AbortSignal.timeout(TIMEOUT_MS)
      const either = AbortSignal.any([signal, deadline])
      try {
        const asked = given.complete({ ...request, maxOutputTokens, signal: either })
        return answerOf(await Promise.race([asked, aborted(either)]))
      } catch (error) {
        if (error instanceof ModelFailure) throw error
        if (deadline.aborted) throw new ModelFailure('timeout', `complete() did not answer in ${TIMEOUT_MS} ms`, true)
        throw new ModelFailure('http', `complete() failed: ${(error as Error)?.message ?? String(error)}`, true)
      }
    },
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function answerOf(answer: LanguageModelAnswer | string): LanguageModelAnswer {
  const given = typeof answer === 'string' ? { text: answer } : answer
  if (typeof given?.text !== 'string') {
    throw new ModelFailure('unreadable', 'complete() returned neither a string nor { text }', false)
  }
  return given
}

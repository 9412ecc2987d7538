// What is a language model to the facade? Something that answers one request, or says why it cannot.

import type { LanguageModelAnswer } from '../../index'

/** One request of the engine. */
export interface ModelRequest {
  system: string
  user: string
  schema: object
}

export interface Model {
  id: string
  contextTokens: number
  maxOutputTokens: number
  complete(request: ModelRequest, signal: AbortSignal): Promise<LanguageModelAnswer & { calls?: number }>
}

export type Why = 'http' | 'timeout' | 'refused' | 'length' | 'unreadable' | 'budget'

/** Why a model gave no answer. Its message never has a key in it. */
export class ModelFailure extends Error {
  constructor(
    readonly why: Why,
    message: string,
    readonly retryable: boolean,
  ) {
    super(message)
  }
}

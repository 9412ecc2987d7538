// What does the body of a completed request say? Content, or reasoning where a server puts the answer there.

import type { LanguageModelAnswer } from '../../index'
import { ModelFailure } from './model'

interface Completion {
  choices?: { message?: ModelMessage; finish_reason?: string }[]
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown }
}

interface ModelMessage {
  content?: unknown
  reasoning_content?: unknown
  reasoning?: unknown
  refusal?: unknown
}

export function readAnswer(body: string): LanguageModelAnswer {
  let completion: Completion
  try {
    completion = JSON.parse(body) as Completion
  } catch {
    throw new ModelFailure('unreadable', 'its server answered something else than JSON', true)
  }
  const [choice] = completion?.choices ?? []
  if (choice?.message === undefined) {
    throw new ModelFailure('unreadable', 'its server answered without choices', true)
  }
  const { message, finish_reason } = choice
  const [inputTokens, outputTokens] = [
    count(completion.usage?.prompt_tokens),
    count(completion.usage?.completion_tokens),
  ]
  return {
    text: textOf(message.content) || textOf(message.reasoning_content) || textOf(message.reasoning),
    finish: finishOf(message, finish_reason),
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  }
}

function finishOf(message: ModelMessage, reason: string | undefined): 'stop' | 'length' | 'refused' {
  if (reason === 'length') return 'length'
  return reason === 'content_filter' || textOf(message.refusal) !== '' ? 'refused' : 'stop'
}

/** Some servers send a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join('')
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

// How is the host's own model asked? By sampling: a request of this server to its host, which may show it to a person.

import type { FunctionLanguageModel, LanguageModelAnswer } from '../../index'
import { isPlainObject } from '../validate/json'
import type { Asking } from './rpc'

/** What a session needs of its host before the tools that learn are there. */
export function offersSampling(capabilities: unknown): boolean {
  return isPlainObject(capabilities) && isPlainObject(capabilities.sampling)
}

/** The model of the host at the other end of `asking`. */
export function hostModel(asking: Asking): FunctionLanguageModel {
  return {
    id: 'host',
    async complete({ system, user, schema, maxOutputTokens, signal }) {
      const described = `${system}\nAnswer with one JSON object of this schema and with nothing else:\n${JSON.stringify(schema)}`
      const params = {
        messages: [{ role: 'user', content: { type: 'text', text: user } }],
        ...{ systemPrompt: described, maxTokens: maxOutputTokens, temperature: 0, includeContext: 'none' },
      }
      return answerOf(await asking.ask('sampling/createMessage', params, signal))
    },
  }
}

function answerOf(result: unknown): LanguageModelAnswer {
  const { content, stopReason } = isPlainObject(result) ? result : {}
  const parts = Array.isArray(content) ? content : [content]
  const texts = parts.flatMap((part) => (isPlainObject(part) && typeof part.text === 'string' ? [part.text] : []))
  return { text: texts.join('\n'), finish: stopReason === 'maxTokens' ? 'length' : 'stop' }
}

// How is a server asked for JSON of a schema? By the first way that it takes; what it took is remembered.

import type { JsonValue, LanguageModelEndpoint } from '../../index'
import type { ModelRequest } from './model'

type Way = 'json_schema' | 'json_object' | 'text'

/** Parameters that some servers refuse. */
interface Taken {
  way: Way
  tokens: 'max_tokens' | 'max_completion_tokens'
  temperature: boolean
}

const LADDER: Way[] = ['json_schema', 'json_object', 'text']

/** By address and model. */
const remembered = new Map<string, Taken>()

export class Structured {
  readonly #key: string
  readonly #fixed: boolean

  constructor({ url, model, structured = 'auto', temperature }: LanguageModelEndpoint) {
    this.#key = JSON.stringify([url, model, structured, temperature === null])
    this.#fixed = structured !== 'auto'
    if (!remembered.has(this.#key)) {
      const way = structured === 'auto' ? 'json_schema' : structured
      remembered.set(this.#key, { way, tokens: 'max_tokens', temperature: temperature !== null })
    }
  }

  get #taken(): Taken {
    return remembered.get(this.#key) as Taken
  }

  body({ system, user, schema }: ModelRequest, endpoint: LanguageModelEndpoint): Record<string, JsonValue> {
    const { way, tokens, temperature } = this.#taken
    const described = `${system}\nAnswer with one JSON object of this schema and with nothing else:\n${JSON.stringify(schema)}`
    return {
      model: endpoint.model,
      messages: [
        { role: 'system', content: way === 'json_schema' ? system : described },
        { role: 'user', content: user },
      ],
      [tokens]: endpoint.maxOutputTokens as number,
      ...(temperature && { temperature: endpoint.temperature as number }),
      ...(way === 'json_schema' && {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'operations', strict: true, schema: schema as JsonValue },
        },
      }),
      ...(way === 'json_object' && { response_format: { type: 'json_object' } }),
      ...endpoint.body,
    }
  }

  /** Whether another request may be taken after this refusal. */
  stepDown(status: number, refusal: string): boolean {
    if (status !== 400 && status !== 422) return false
    const taken = this.#taken
    if (taken.tokens === 'max_tokens' && /max_completion_tokens/.test(refusal)) {
      remembered.set(this.#key, { ...taken, tokens: 'max_completion_tokens' })
      return true
    }
    if (taken.temperature && /temperature/.test(refusal)) {
      remembered.set(this.#key, { ...taken, temperature: false })
      return true
    }
    const next = LADDER[LADDER.indexOf(taken.way) + 1]
    if (this.#fixed || next === undefined || !/response_format|json_schema|json_object|schema|grammar/i.test(refusal)) {
      return false
    }
    remembered.set(this.#key, { ...taken, way: next })
    return true
  }
}

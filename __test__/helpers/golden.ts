// The golden transcripts: what is said, what a model answers, and what must be known afterwards.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LearnOptions, Message, NewMemory, OpenMemory, RetireOptions } from '@openmemory/sdk'
import { type Asked, fakeModel, numberOf, operations } from './fake-model'

export interface Golden {
  name: string
  memories?: (NewMemory & { retire?: RetireOptions })[]
  calls: {
    messages: Message[]
    options?: LearnOptions
    /** A memory is named by its text, or by a number. */
    answer: Record<string, unknown>[]
    /** `state`, or the code of a refusal, per operation. */
    expect: string[]
    /** Requests to the model. Default 1. */
    requests?: number
  }[]
  /** The current memories afterwards, in any order: text, and fields that are named. */
  after: { content: string; valid_from?: string; valid_to?: string; version?: number }[]
}

const FOLDER = join(__dirname, '..', 'learning')

const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden[]

export const GOLDEN = readdirSync(FOLDER).flatMap(read)
/** Those that the design was agreed by. */
export const OF_THE_DESIGN = read('from-the-design.json')

/** When messages without a time are said. */
export const AT = '2026-03-03T10:00:00Z'

/** A model that answers each call of a transcript in turn, once told of the next. */
export async function goldenModel({ calls }: Golden) {
  let current = 0
  const model = await fakeModel((exchange, response) => {
    const call = calls[current] as Golden['calls'][number]
    return operations((asked) => resolved(call.answer, asked))(exchange, response)
  })
  return { ...model, next: () => void current++ }
}

function resolved(answer: Record<string, unknown>[], asked: Asked): object[] {
  const number = (given: unknown) => (typeof given === 'string' ? numberOf(asked, given) : given)
  return answer.map(({ memory, others, ...rest }) => ({
    ...rest,
    memory: number(memory ?? null),
    others: ((others as unknown[]) ?? []).map(number),
  }))
}

export async function prepared(om: OpenMemory, golden: Golden) {
  for (const { retire, ...memory } of golden.memories ?? []) {
    const { id } = await om.addMemory({ created_at: '2024-06-10', ...memory })
    if (retire) await om.retireMemory(id, retire)
  }
}

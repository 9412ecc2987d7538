// What did the addon answer? JSON text with a value or an error.

import { type ErrorBody, errorOf } from '../error-body'
import { LoopSlices } from './loop-slices'

type Outcome<T> = { ok: T } | { error: ErrorBody }

const slices = new LoopSlices()

export async function read<T>(answer: Promise<string>): Promise<T> {
  const text = await answer
  return slices.run(() => parse<T>(text))
}

export function parse<T>(answer: string): T {
  const outcome = JSON.parse(answer) as Outcome<T>
  if ('error' in outcome) throw errorOf(outcome.error)
  return outcome.ok
}

// What did the addon answer? JSON text with a value or an error.

import { type ErrorBody, errorOf } from '../error-body'

type Outcome<T> = { ok: T } | { error: ErrorBody }

export async function read<T>(answer: Promise<string>): Promise<T> {
  return parse(await answer)
}

export function parse<T>(answer: string): T {
  const outcome = JSON.parse(answer) as Outcome<T>
  if ('error' in outcome) throw errorOf(outcome.error)
  return outcome.ok
}

// The error with which a call is rejected.

import { OpenMemoryError } from '@openmemory/sdk'

export async function refusal<E extends OpenMemoryError = OpenMemoryError>(call: Promise<unknown>): Promise<E> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error(`not refused: ${JSON.stringify(outcome.value)?.slice(0, 200)}`)
  if (!(outcome.error instanceof OpenMemoryError)) throw outcome.error
  return outcome.error as E
}

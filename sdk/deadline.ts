// What does `timeoutMs` bound? The wait of the caller: the work itself may still finish.

import { failure } from './errors'

export async function withDeadline<T>(work: Promise<T>, ms: number | undefined): Promise<T> {
  if (ms === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(failure('TIMEOUT', `the call took longer than ${ms} ms; a write may still be applied`))
    }, ms)
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}

// What does `timeoutMs` limit? The time that the caller waits. A read stops then; a write may still be applied.

import { failure } from './errors'

export async function withDeadline<T>(work: Promise<T>, ms: number | undefined, stop: () => void): Promise<T> {
  if (ms === undefined) return work
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      stop()
      reject(failure('TIMEOUT', `the call took longer than ${ms} ms; a write may still be applied`))
    }, ms)
  })
  try {
    return await Promise.race([work, expired])
  } finally {
    clearTimeout(timer)
  }
}

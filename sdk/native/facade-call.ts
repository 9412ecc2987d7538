// How does a server make a call that is many calls? As a client of itself, with the key of the request.

import type * as contract from '../../index'
import { invalid, OpenMemoryError } from '../errors'
import { isPlainObject } from '../validate/json'

/** Options that a program has, and that a request must not name: a model's address is the server's to choose. */
const HOSTS = ['languageModel', 'signal']
const SCOPE = ['user_id', 'agent_id', 'app_id', 'run_id']

interface FacadeRequest {
  number: number
  call: 'consolidate' | 'relearn'
  key?: string
  body: Record<string, unknown>
}

/** The client of the call with this number has hung up. */
interface Withdrawn {
  withdrawn: number
}

/** Makes the calls of a server's clients. Never rejects. */
export function facadeCalls(reached: (key: string | undefined) => contract.OpenMemory) {
  const running = new Map<number, AbortController>()
  return async (text: string): Promise<string> => {
    const asked = JSON.parse(text) as FacadeRequest | Withdrawn
    if ('withdrawn' in asked) {
      running.get(asked.withdrawn)?.abort()
      return '{}'
    }
    const stop = new AbortController()
    running.set(asked.number, stop)
    try {
      return JSON.stringify(await answer(asked, reached(asked.key), stop.signal))
    } finally {
      running.delete(asked.number)
    }
  }
}

async function answer({ call, body }: FacadeRequest, om: contract.OpenMemory, signal: AbortSignal) {
  try {
    const local = HOSTS.find((name) => name in body)
    if (local !== undefined) throw invalid(local, 'is not a field here')
    // What is null is not given, as in the other routes.
    const given = { ...Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)), signal }
    return { ok: await (call === 'consolidate' ? consolidated(om, given) : relearnt(om, given)) }
  } catch (error) {
    const { code, message, details, retryable } =
      error instanceof OpenMemoryError ? error : new OpenMemoryError('INTERNAL', 'the call failed')
    const field = isPlainObject(details) && typeof details.field === 'string' ? { field: details.field } : {}
    return { error: { code, message, details, retryable, ...field } }
  } finally {
    await om.close()
  }
}

async function consolidated(om: contract.OpenMemory, options: contract.ConsolidateOptions) {
  return { learning: (await om.consolidate(options)) ?? null }
}

async function relearnt(om: contract.OpenMemory, given: Record<string, unknown>) {
  const scope = Object.fromEntries(Object.entries(given).filter(([name]) => SCOPE.includes(name)))
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !SCOPE.includes(name)))
  const learnings: contract.Learning[] = []
  for await (const learning of om.relearn(scope, options)) learnings.push(learning)
  return { learnings }
}

// Which routes stand for the engine's functions? The facade sees no difference: requests and answers are the engine's.

import type { NativeControl, NativeEngine } from '../native'
import type { RemoteControl } from './control'
import { type Asked, type Exchange, Refused } from './exchange'

type Answer = Promise<string>
type Request = Record<string, unknown>

/** Paths that are routes of their own; an id that is spelt like one is escaped. */
const ROUTES: ReadonlySet<string> = new Set([
  ...['add', 'all', 'batch', 'delete', 'list', 'query', 'reinforce', 'search'],
])

/** What the engine tells to be worth another try, beside what the facade knows by code. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'LOCKED',
  'IO',
  'EMBEDDING_FAILED',
  'RATE_LIMITED',
  'TIMEOUT',
  'UNAVAILABLE',
])

export class RemoteEngine implements NativeEngine {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  add(request: string): Answer {
    const { memory } = JSON.parse(request) as { memory: Request }
    const stray = strayField(memory, ['salience', 'decay_lambda'])
    if (stray) return stray
    return this.#ask({ method: 'POST', path: '/memory/add', body: memory }, bare)
  }

  addMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'POST', path: '/memory/batch' }, request, control)
  }

  get(request: string): Answer {
    const { id, version, at } = JSON.parse(request) as Request
    return this.#ask({ method: 'GET', path: memory(id) + query({ version, at }) }, bare)
  }

  list(request: string): Answer {
    return this.#ask<Page>({ method: 'POST', path: '/memory/list', body: JSON.parse(request) }, (page) => {
      const { items, ...rest } = page
      return { memories: items.map(bare), ...rest }
    })
  }

  update(request: string): Answer {
    const { id, patch, ...steering } = JSON.parse(request) as { id: string; patch: Request }
    const stray = strayField(patch, ['ifVersion', 'actor', 'reason'])
    if (stray) return stray
    return this.#ask({ method: 'PATCH', path: memory(id), body: { ...patch, ...steering } }, bare)
  }

  updateMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'PATCH', path: '/memory/batch' }, request, control)
  }

  delete(request: string): Answer {
    const { id } = JSON.parse(request) as Request
    return this.#ask<{ memory: unknown }>({ method: 'DELETE', path: memory(id) }, (answer) => answer.memory)
  }

  deleteMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'POST', path: '/memory/delete' }, request, control)
  }

  search(request: string): Answer {
    const body = JSON.parse(request) as unknown
    const matches = (answer: { matches: Request[] }) => answer.matches.map(bare)
    return this.#ask<{ matches: Request[] }>({ method: 'POST', path: '/memory/search', body }, matches)
  }

  reinforce(request: string): Answer {
    const body = JSON.parse(request) as unknown
    return this.#ask<{ memory: Request }>({ method: 'POST', path: '/memory/reinforce', body }, ({ memory }) =>
      bare(memory),
    )
  }

  history(request: string): Answer {
    const { id, limit, before } = JSON.parse(request) as Request
    const path = `${memory(id)}/history${query({ limit, before })}`
    return this.#ask<{ versions: unknown }>({ method: 'GET', path }, ({ versions }) => versions)
  }

  restore(request: string): Answer {
    const { id, ...body } = JSON.parse(request) as Request
    return this.#ask({ method: 'POST', path: `${memory(id)}/restore`, body }, bare)
  }

  feedback(request: string): Answer {
    const { id, ...body } = JSON.parse(request) as Request
    return this.#ask({ method: 'POST', path: `${memory(id)}/feedback`, body }, bare)
  }

  waypoints(request: string): Answer {
    const { id } = JSON.parse(request) as Request
    const path = `${memory(id)}/waypoints`
    return this.#ask<{ waypoints: unknown }>({ method: 'GET', path }, ({ waypoints }) => waypoints)
  }

  reindex(_request: string, control?: NativeControl): Answer {
    return this.#ask({ method: 'POST', path: '/reindex', signal: signalOf(control) }, whole)
  }

  exportTo(): Answer {
    return onlyThere('exportTo')
  }

  importFrom(): Answer {
    return onlyThere('importFrom')
  }

  backup(): Answer {
    return onlyThere('backup')
  }

  stats(): Answer {
    return this.#ask({ method: 'GET', path: '/stats' }, whole)
  }

  ready(): Answer {
    return this.#ask({ method: 'GET', path: '/ready' }, () => null)
  }

  flush(): Answer {
    return this.#ask({ method: 'POST', path: '/flush' }, () => null)
  }

  async close(): Answer {
    await this.#exchange.close()
    return JSON.stringify({ ok: null })
  }

  #batch(asked: Asked, request: string, control?: NativeControl): Answer {
    const body = JSON.parse(request) as { items?: unknown[] }
    return this.#ask<{ results?: unknown[] }>({ ...asked, body, signal: signalOf(control) }, (answer) => {
      // The server tells nothing in between.
      const done = answer.results?.length ?? (answer as { deleted: number }).deleted
      ;(control as RemoteControl | undefined)?.report?.(done, done)
      return answer.results ?? answer
    })
  }

  async #ask<T = Request>(asked: Asked, read: (answer: T) => unknown): Answer {
    try {
      return JSON.stringify({ ok: read(await this.#exchange.send<T>(asked)) })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { code } = error.failure
      return JSON.stringify({ error: { retryable: RETRYABLE.has(code), ...error.failure } })
    }
  }
}

interface Page {
  items: Request[]
}

/** Refuses what the route would take for something else, as the engine does. */
function strayField(record: Request, names: string[]): Answer | undefined {
  const field = names.find((name) => name in record)
  if (field === undefined) return undefined
  const error = { code: 'INVALID_ARGUMENT', message: `${field}: is not a field here`, field }
  return Promise.resolve(JSON.stringify({ error }))
}

/** Refuses what only the process that has the store can do. */
export function onlyThere(method: string): Answer {
  const message = `${method}() works beside the store only: call it in the process that serves the directory`
  return Promise.resolve(JSON.stringify({ error: { code: 'UNAVAILABLE', message, retryable: false } }))
}

function whole(answer: unknown): unknown {
  return answer
}

/** A memory without what only the protocol has. */
function bare({ last_seen_at, decay_lambda, ...memory }: Request): Request {
  return memory
}

function memory(id: unknown): string {
  let text = encodeURIComponent(String(id))
  if (ROUTES.has(text)) text = `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`
  return `/memory/${text}`
}

function query(parameters: Request): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given}`
}

function signalOf(control: NativeControl | undefined): AbortSignal | undefined {
  return (control as RemoteControl | undefined)?.signal
}

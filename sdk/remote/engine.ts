// Which routes stand for the engine's functions? The facade sees no difference: requests and answers are the engine's.

import type { Readable } from 'node:stream'
import type { NativeControl, NativeEngine } from '../native'
import type { RemoteControl } from './control'
import type { Asked, Exchange } from './exchange'
import { checkTarget, save, sizeOf } from './file'
import { lastLine } from './lines'
import { told } from './refused'
import * as shapes from './shapes'

type Answer = Promise<string>
type Request = Record<string, unknown>

/** Paths that are routes of their own; an id that is spelt like one is escaped. */
const ROUTES: ReadonlySet<string> = new Set([
  ...['add', 'all', 'batch', 'delete', 'list', 'query', 'reinforce', 'search'],
])

const STATS: Asked = { method: 'GET', path: '/stats', fits: shapes.isStats }

/** Items of a batch that are sent at once. */
const PART = 100

export class RemoteEngine implements NativeEngine {
  readonly #exchange: Exchange

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  add(request: string): Answer {
    const { memory } = JSON.parse(request) as { memory: Request }
    const stray = strayField(memory, ['salience', 'decay_lambda'])
    if (stray) return stray
    return this.#ask({ method: 'POST', path: '/memory/add', body: memory, fits: shapes.isMemory }, bare)
  }

  addMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'POST', path: '/memory/batch' }, request, control)
  }

  get(request: string): Answer {
    const { id, version, at } = JSON.parse(request) as Request
    return this.#ask({ method: 'GET', path: memory(id) + query({ version, at }), fits: shapes.isMemory }, bare)
  }

  list(request: string): Answer {
    const fits = shapes.holdsList('items', shapes.isMemory)
    return this.#ask<Page>({ method: 'POST', path: '/memory/list', body: JSON.parse(request), fits }, (page) => {
      const { items, ...rest } = page
      return { memories: items.map(bare), ...rest }
    })
  }

  update(request: string): Answer {
    const { id, patch, ...steering } = JSON.parse(request) as { id: string; patch: Request }
    const stray = strayField(patch, ['ifVersion', 'actor', 'reason'])
    if (stray) return stray
    return this.#ask(
      { method: 'PATCH', path: memory(id), body: { ...patch, ...steering }, fits: shapes.isMemory },
      bare,
    )
  }

  updateMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'PATCH', path: '/memory/batch' }, request, control)
  }

  delete(request: string): Answer {
    const { id, ...steering } = JSON.parse(request) as Request
    const asked: Asked = { method: 'DELETE', path: memory(id) + query(steering), fits: shapes.holdsMemory }
    return this.#ask<{ memory: unknown }>(asked, (answer) => answer.memory)
  }

  deleteMany(request: string, control?: NativeControl): Answer {
    return this.#batch({ method: 'POST', path: '/memory/delete' }, request, control)
  }

  search(request: string): Answer {
    const body = JSON.parse(request) as unknown
    const matches = (answer: { matches: Request[] }) => answer.matches.map(bare)
    const fits = shapes.holdsList('matches', shapes.isMemory)
    return this.#ask<{ matches: Request[] }>({ method: 'POST', path: '/memory/search', body, fits }, matches)
  }

  reinforce(request: string): Answer {
    const body = JSON.parse(request) as unknown
    const asked: Asked = { method: 'POST', path: '/memory/reinforce', body, fits: shapes.holdsMemory }
    return this.#ask<{ memory: Request }>(asked, ({ memory }) => bare(memory))
  }

  history(request: string): Answer {
    const { id, limit, before } = JSON.parse(request) as Request
    const path = `${memory(id)}/history${query({ limit, before })}`
    const fits = shapes.holdsList('versions')
    return this.#ask<{ versions: unknown }>({ method: 'GET', path, fits }, ({ versions }) => versions)
  }

  restore(request: string): Answer {
    const { id, ...body } = JSON.parse(request) as Request
    return this.#ask({ method: 'POST', path: `${memory(id)}/restore`, body, fits: shapes.isMemory }, bare)
  }

  feedback(request: string): Answer {
    const { id, ...body } = JSON.parse(request) as Request
    return this.#ask({ method: 'POST', path: `${memory(id)}/feedback`, body, fits: shapes.isMemory }, bare)
  }

  waypoints(request: string): Answer {
    const { id } = JSON.parse(request) as Request
    const path = `${memory(id)}/waypoints`
    const fits = shapes.holdsList('waypoints')
    return this.#ask<{ waypoints: unknown }>({ method: 'GET', path, fits }, ({ waypoints }) => waypoints)
  }

  reindex(_request: string, control?: NativeControl): Answer {
    const { report, signal } = remote(control)
    const read = (answer: Readable) => lastLine(answer, report)
    return this.#ask({ method: 'POST', path: '/reindex', fits: shapes.isReindexed, signal, read, long: true }, whole)
  }

  async exportTo(request: string, control?: NativeControl): Answer {
    const { file, ...body } = JSON.parse(request) as { file: string }
    await checkTarget(file)
    const { report, signal } = remote(control)
    let total = 0
    if (report) {
      // The lines tell how many there were, and not how many there will be.
      const counted = await this.#ask<{ memories: number }>(STATS, ({ memories }) => memories)
      const { ok, error } = JSON.parse(counted) as { ok: number; error?: unknown }
      if (error !== undefined) return counted
      total = ok
    }
    const tell = (lines: number) => report?.(Math.min(lines, total), total)
    const read = (answer: Readable) => save(answer, file, { signal, report: tell })
    const asked: Asked = { method: 'POST', path: '/export', body, fits: shapes.isExported, signal, read, long: true }
    return this.#ask(asked, (summary) => {
      report?.(total, total)
      return summary
    })
  }

  async importFrom(request: string, control?: NativeControl): Answer {
    const { file, onConflict } = JSON.parse(request) as { file: string; onConflict?: string }
    const { report, signal } = remote(control)
    let size: number
    try {
      size = await sizeOf(file)
    } catch (error) {
      return told(error)
    }
    const read = (answer: Readable) => lastLine(answer, report)
    const path = `/import${query({ onConflict })}`
    const sent = { file: { path: file, size }, fits: shapes.isImported, signal, read, long: true }
    return this.#ask({ method: 'POST', path, ...sent }, whole)
  }

  backup(name: string): Answer {
    const bare = ({ name: _, ...made }: Request) => made
    return this.#ask({ method: 'POST', path: '/backup', body: { name }, fits: shapes.isBackup, long: true }, bare)
  }

  stats(): Answer {
    return this.#ask(STATS, whole)
  }

  ready(): Answer {
    return this.#ask({ method: 'GET', path: '/ready', fits: shapes.isDone }, () => null)
  }

  compact(): Answer {
    return this.#ask({ method: 'POST', path: '/compact', fits: shapes.isCompacted, long: true }, whole)
  }

  flush(): Answer {
    return this.#ask({ method: 'POST', path: '/flush', fits: shapes.isDone }, () => null)
  }

  async close(): Answer {
    await this.#exchange.close()
    return JSON.stringify({ ok: null })
  }

  /** A batch in parts where somebody wants to know how far it is; one that is all or nothing stays one. */
  async #batch(asked: Asked, request: string, control?: NativeControl): Answer {
    const { report, signal } = remote(control)
    const body = JSON.parse(request) as Request
    const [list, items] = Object.entries(body).find(([, value]) => Array.isArray(value)) ?? []
    const all = (items ?? []) as unknown[]
    const part = report && list !== undefined && body.atomic !== true ? PART : Math.max(all.length, 1)
    const results: unknown[] = []
    for (let from = 0; from === 0 || from < all.length; from += part) {
      const some = list === undefined ? body : { ...body, [list]: all.slice(from, from + part) }
      const fits = list === undefined ? shapes.isDeletion : shapes.holdsResults(all.slice(from, from + part).length)
      const answer = await this.#ask<Request>({ ...asked, body: some, fits, signal }, (whole) => whole.results ?? whole)
      const { ok, error } = JSON.parse(answer) as { ok: unknown; error?: unknown }
      if (error !== undefined) return answer
      if (!Array.isArray(ok)) {
        const { deleted } = ok as { deleted: number }
        report?.(deleted, deleted)
        return answer
      }
      results.push(...ok)
      report?.(results.length, all.length)
    }
    return JSON.stringify({ ok: results })
  }

  async #ask<T = Request>(asked: Asked, read: (answer: T) => unknown): Answer {
    try {
      return JSON.stringify({ ok: read(await this.#exchange.send<T>(asked)) })
    } catch (error) {
      return told(error)
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

function remote(control: NativeControl | undefined): {
  report?: RemoteControl['report']
  signal: AbortSignal | undefined
} {
  return control === undefined ? { signal: undefined } : (control as RemoteControl)
}

// The store on a server: each call is a request to one of its routes.

import type * as contract from '../../index'
import type * as requests from '../backend'
import type { Backend, CallControl, ChangeSource } from '../backend'
import { errorOf, type ImportBody, type ItemBody, importSummary, itemResults } from '../error-body'
import { failure, invalid } from '../errors'
import { CallLimits, type Limiter } from '../limiter'
import { checkTarget, save, sizeOf } from './files'
import { lastLine } from './json-lines'
import { Refusal } from './refusal'
import * as shapes from './response-shapes'
import type { ByteStream, HttpRequest, Sender } from './sender'
import { HttpWatcher } from './watcher'

type Body = Record<string, unknown>
type Memory<M extends object> = contract.Memory<M>

/** Paths that are routes of their own; an id that is spelled like one is escaped. */
const ROUTES: ReadonlySet<string> = new Set([
  ...[
    'add',
    'all',
    'batch',
    'consolidate',
    'context',
    'delete',
    'facets',
    'learn',
    'list',
    'operations',
    'query',
    'reinforce',
    'relearn',
    'search',
    'touch',
  ],
])

const STATS: HttpRequest = { method: 'GET', path: '/stats', fits: shapes.isStats }

/** Items of a batch that are sent in one request if progress is reported. */
const PART_SIZE = 100

export class HttpBackend<M extends object> implements Backend<M> {
  readonly #transport: Sender
  readonly #timeoutMs: number | undefined
  readonly #limits = new CallLimits()

  constructor(transport: Sender, timeoutMs: number | undefined) {
    this.#transport = transport
    this.#timeoutMs = timeoutMs
  }

  async ready(): Promise<void> {
    await this.#call({ method: 'GET', path: '/ready', fits: shapes.isDone })
  }

  async add({ memory }: { memory: requests.PlainObject }): Promise<contract.AddedMemory<M>> {
    rejectFields(memory, ['salience', 'decay_lambda'])
    return bare(await this.#call({ method: 'POST', path: '/memory/add', body: json(memory), fits: shapes.isMemory }))
  }

  addMany(request: requests.BatchRequest, control: CallControl) {
    const { items, ...options } = request
    return this.#batch<contract.AddedMemory<M>>('POST', '/memory/batch', { items }, options, control)
  }

  async get({ id, ...options }: { id: string; version?: number; at?: string; asOf?: string }): Promise<Memory<M>> {
    return bare(await this.#read({ method: 'GET', path: memoryPath(id) + query(options), fits: shapes.isMemory }))
  }

  async list(request: requests.ListRequest): Promise<contract.MemoryPage<M>> {
    const fits = shapes.holdsList('items', shapes.isMemory)
    const { items, ...rest } = await this.#read<{ items: Memory<M>[]; next_cursor?: string }>({
      ...{ method: 'POST', path: '/memory/list', body: json(request), fits },
    })
    return { memories: items.map(bare), ...rest }
  }

  async update({ id, patch, ...options }: requests.UpdateRequest): Promise<Memory<M>> {
    rejectFields(patch, ['correction', 'ifVersion', 'actor', 'reason'])
    const body = json({ ...patch, ...options })
    return bare(await this.#call({ method: 'PATCH', path: memoryPath(id), body, fits: shapes.isMemory }))
  }

  updateMany(request: requests.BatchRequest, control: CallControl) {
    const { items, ...options } = request
    return this.#batch<Memory<M>>('PATCH', '/memory/batch', { items }, options, control)
  }

  async applyOperations(request: { operations: requests.PlainObject[] }, { signal, onProgress }: CallControl) {
    const count = request.operations.length
    const { results } = await this.#call<{ results: ItemBody<contract.OperatedMemory<M>>[] }>({
      ...{ method: 'POST', path: '/memory/operations', body: json(request), fits: shapes.holdsResults(count), signal },
    })
    onProgress?.(count, count)
    return itemResults(results)
  }

  async delete({ id, ...options }: { id: string } & contract.UpdateOptions): Promise<contract.DeletedMemory<M>> {
    const path = memoryPath(id) + query(options)
    const { memory } = await this.#call<{ memory: contract.DeletedMemory<M> }>({
      ...{ method: 'DELETE', path, fits: shapes.holdsMemory },
    })
    return memory
  }

  deleteIds(ids: readonly string[], control: CallControl) {
    return this.#batch<contract.DeletedMemory<M>>('POST', '/memory/delete', { ids }, {}, control)
  }

  async deleteSelected(selection: contract.DeleteSelection, control: CallControl): Promise<contract.DeleteSummary> {
    const { signal, onProgress } = control
    const body = json(selection)
    const summary = await this.#call<contract.DeleteSummary>({
      ...{ method: 'POST', path: '/memory/delete', body, fits: shapes.isDeletion, signal },
    })
    onProgress?.(summary.deleted, summary.deleted)
    return summary
  }

  async search(request: requests.SearchRequest): Promise<contract.MemoryMatch<M>[]> {
    const fits = shapes.holdsList('matches', shapes.isMemory)
    const { matches } = await this.#call<{ matches: contract.MemoryMatch<M>[] }>({
      ...{ method: 'POST', path: '/memory/search', body: json(request), fits },
    })
    return matches.map(bare)
  }

  async context(request: requests.ContextRequest): Promise<contract.ContextBlock<M>> {
    const fits = shapes.holdsList('memories', shapes.isMemory)
    const block = await this.#call<contract.ContextBlock<M>>({
      ...{ method: 'POST', path: '/memory/context', body: json(request), fits },
    })
    return { ...block, memories: block.memories.map(bare) }
  }

  async facets(request: requests.FacetsRequest): Promise<contract.Facets> {
    const fits = shapes.holdsList('values')
    return this.#read({ method: 'POST', path: '/memory/facets', body: json(request), fits })
  }

  async touch(request: { ids: string[]; expires_at: string | null }): Promise<contract.ItemResult<Memory<M>>[]> {
    const fits = shapes.holdsResults(request.ids.length)
    const { results } = await this.#call<{ results: ItemBody<Memory<M>>[] }>({
      ...{ method: 'POST', path: '/memory/touch', body: json(request), fits },
    })
    return itemResults(results)
  }

  async reinforce(request: { id: string } & contract.ReinforceOptions): Promise<Memory<M>> {
    const { memory } = await this.#call<{ memory: Memory<M> }>({
      ...{ method: 'POST', path: '/memory/reinforce', body: json(request), fits: shapes.holdsMemory },
    })
    return bare(memory)
  }

  async history({ id, ...options }: { id: string } & contract.HistoryOptions): Promise<contract.MemoryVersion<M>[]> {
    const path = `${memoryPath(id)}/history${query(options)}`
    const { versions } = await this.#read<{ versions: contract.MemoryVersion<M>[] }>({
      ...{ method: 'GET', path, fits: shapes.holdsList('versions') },
    })
    return versions
  }

  async restore({ id, ...body }: { id: string; version: number } & contract.RestoreOptions): Promise<Memory<M>> {
    const path = `${memoryPath(id)}/restore`
    return bare(await this.#call({ method: 'POST', path, body: json(body), fits: shapes.isMemory }))
  }

  async retire({ id, ...body }: { id: string } & contract.RetireOptions): Promise<Memory<M>> {
    const path = `${memoryPath(id)}/retire`
    return bare(await this.#call({ method: 'POST', path, body: json(body), fits: shapes.isMemory }))
  }

  async feedback({ id, ...body }: { id: string; feedback: contract.Feedback | null }): Promise<Memory<M>> {
    const path = `${memoryPath(id)}/feedback`
    return bare(await this.#call({ method: 'POST', path, body: json(body), fits: shapes.isMemory }))
  }

  async learn(request: requests.PlainObject, { languageModel, wait }: requests.HowToLearn, { signal }: CallControl) {
    if (languageModel !== undefined) throw invalid('languageModel', 'is set on the server that url names')
    const body = json(request)
    return this.#call<contract.Learning>({
      ...{ method: 'POST', path: '/memory/learn', body, fits: shapes.isLearning, signal, long: true },
      ...(!wait && { headers: { prefer: 'respond-async' } }),
    })
  }

  getLearning({ id }: { id: string }): Promise<contract.Learning> {
    return this.#read({ method: 'GET', path: learningPath(id), fits: shapes.isLearning })
  }

  listLearnings(request: requests.PlainObject): Promise<contract.LearningPage> {
    return this.#read({ method: 'GET', path: `/learnings${query(request)}`, fits: shapes.holdsList('learnings') })
  }

  decide({ id, ...body }: requests.PlainObject): Promise<contract.Learning> {
    const path = `${learningPath(id as string)}/decide`
    return this.#call({ method: 'POST', path, body: json(body), fits: shapes.isLearning })
  }

  undoLearning({ id, ...body }: { id: string } & contract.Attribution): Promise<contract.Learning> {
    const path = `${learningPath(id)}/undo`
    return this.#call({ method: 'POST', path, body: json(body), fits: shapes.isLearning })
  }

  async sources({ id, ...options }: { id: string; version?: number }): Promise<contract.Source[]> {
    const path = `${memoryPath(id)}/sources${query(options)}`
    const { sources } = await this.#read<{ sources: contract.Source[] }>({
      ...{ method: 'GET', path, fits: shapes.holdsList('sources') },
    })
    return sources
  }

  listMessages(request: requests.PlainObject): Promise<contract.MessagePage> {
    return this.#read({ method: 'GET', path: `/messages${query(request)}`, fits: shapes.holdsList('messages') })
  }

  deleteMessages(request: requests.PlainObject): Promise<{ deleted: number }> {
    return this.#call({ method: 'DELETE', path: `/messages${query(request)}`, fits: shapes.isCount })
  }

  async waypoints({ id }: { id: string }): Promise<contract.Waypoint[]> {
    const path = `${memoryPath(id)}/waypoints`
    const { waypoints } = await this.#read<{ waypoints: contract.Waypoint[] }>({
      ...{ method: 'GET', path, fits: shapes.holdsList('waypoints') },
    })
    return waypoints
  }

  watch(request: object, wake: () => void): ChangeSource<M> {
    const copy = JSON.parse(json(request)) as Body
    return new HttpWatcher<M>(this.#transport, copy, { wake, timeoutMs: this.#timeoutMs })
  }

  reindex({ signal, onProgress }: CallControl): Promise<contract.ReindexSummary> {
    const read = (response: ByteStream) => lastLine(response, onProgress)
    return this.#call({ method: 'POST', path: '/reindex', fits: shapes.isReindexed, signal, read, long: true })
  }

  exportTo({ file, filters }: { file: string; filters: unknown }, control: CallControl) {
    const body = json({ filters })
    return this.#limited(this.#limits.others, () => this.#export(file, body, control))
  }

  async importFrom({ file, onConflict }: { file: string; onConflict: unknown }, control: CallControl) {
    const imported = this.#limited(this.#limits.others, () => this.#import(file, query({ onConflict }), control))
    return importSummary(await imported)
  }

  stats(): Promise<contract.Stats> {
    return this.#read(STATS)
  }

  async backup(name: string): Promise<contract.BackupSummary> {
    const { name: _, ...summary } = await this.#call<contract.BackupSummary & { name: string }>({
      ...{ method: 'POST', path: '/backup', body: json({ name }), fits: shapes.isBackup, long: true },
    })
    return summary
  }

  compact(): Promise<contract.CompactSummary> {
    return this.#call({ method: 'POST', path: '/compact', fits: shapes.isCompacted, long: true })
  }

  async flush(): Promise<void> {
    await this.#call({ method: 'POST', path: '/flush', fits: shapes.isDone })
  }

  async serve(): Promise<never> {
    throw invalid('url', 'names a server already; serve() needs a directory')
  }

  async close(): Promise<void> {
    this.#limits.release()
    await this.#transport.close()
  }

  async #export(file: string, body: string, { signal, onProgress }: CallControl): Promise<contract.ExportSummary> {
    await checkTarget(file)
    // The lines tell how many were written, not how many there will be.
    const total = onProgress ? (await this.#transport.send<contract.Stats>(STATS)).memories : 0
    const report = (lines: number) => onProgress?.(Math.min(lines, total), total)
    const read = (response: ByteStream) => save(response, file, { signal, report })
    const summary = await this.#transport.send<contract.ExportSummary>({
      ...{ method: 'POST', path: '/export', body, fits: shapes.isExported, signal, read, long: true },
    })
    onProgress?.(total, total)
    return summary
  }

  async #import(file: string, options: string, { signal, onProgress }: CallControl): Promise<ImportBody> {
    const sent = { path: file, size: await sizeOf(file) }
    const read = (response: ByteStream) => lastLine(response, onProgress)
    return this.#transport.send<ImportBody>({
      ...{ method: 'POST', path: `/import${options}`, file: sent, fits: shapes.isImported, signal, read, long: true },
    })
  }

  /** A batch is sent in parts if its progress is reported, unless it is atomic. */
  async #batch<T>(
    method: 'POST' | 'PATCH',
    path: string,
    list: { items: readonly unknown[] } | { ids: readonly string[] },
    options: { atomic?: boolean },
    { signal, onProgress }: CallControl,
  ): Promise<contract.ItemResult<T>[]> {
    const [[name, all]] = Object.entries(list) as [[string, unknown[]]]
    const size = onProgress && !options.atomic ? PART_SIZE : all.length
    const parts: HttpRequest[] = []
    for (let from = 0; from < all.length; from += size) {
      const part = all.slice(from, from + size)
      const body = json({ ...options, [name]: part })
      parts.push({ method, path, body, fits: shapes.holdsResults(part.length), signal })
    }
    return this.#limited(this.#limits.others, async () => {
      const results: contract.ItemResult<T>[] = []
      for (const part of parts) {
        const answer = await this.#transport.send<{ results: ItemBody<T>[] }>(part)
        results.push(...itemResults(answer.results))
        onProgress?.(results.length, all.length)
      }
      return results
    })
  }

  #read<T>(request: HttpRequest): Promise<T> {
    return this.#limited(this.#limits.reads, () => this.#transport.send<T>(request))
  }

  #call<T>(request: HttpRequest): Promise<T> {
    return this.#limited(this.#limits.others, () => this.#transport.send<T>(request))
  }

  async #limited<T>(limiter: Limiter, work: () => Promise<T>): Promise<T> {
    try {
      return await limiter.run(work)
    } catch (error) {
      throw error instanceof Refusal ? errorOf(error.body) : error
    }
  }
}

/** Rejects what the route would take for something else, as the engine does. */
function rejectFields(record: requests.PlainObject, names: string[]): void {
  const field = names.find((name) => name in record)
  if (field !== undefined) throw failure('INVALID_ARGUMENT', `${field}: is not a field here`, { details: { field } })
}

/** A memory without the fields that only the HTTP protocol has. */
function bare<T extends object>(memory: T): T {
  const { last_seen_at, decay_lambda, ...rest } = memory as T & { last_seen_at?: unknown; decay_lambda?: unknown }
  return rest as unknown as T
}

function json(value: object): string {
  return JSON.stringify(value)
}

function memoryPath(id: string): string {
  let text = encodeURIComponent(id)
  if (ROUTES.has(text)) text = `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`
  return `/memory/${text}`
}

function learningPath(id: string): string {
  return `/learnings/${encodeURIComponent(id)}`
}

function query(parameters: object): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given}`
}

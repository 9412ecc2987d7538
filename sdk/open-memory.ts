// What can a user do with a store? Arguments are checked here, asked of the engine as JSON, and answered as records.

import { resolve } from 'node:path'
import type * as contract from '../index'
import { read } from './answer'
import { checkId, checkItems, checkOptions, checkRecord, describe, isoTime, refuseExtra } from './arguments'
import { type EngineItem, perItem } from './batch'
import { CallSite } from './call-site'
import { withDeadline } from './deadline'
import { failure, invalid, type OpenMemoryError, renamed } from './errors'
import { gated } from './gate'
import { assertLossless, isPlainObject } from './json'
import { checkLong, checkSignal, longCall, ProgressFailure } from './long-call'
import type { NativeControl, NativeEngine } from './native'
import { explainLock, holdHere } from './open-here'
import { type Settings, settingsOf } from './options'
import { type Check, readingFrom, writingTo } from './pipes'
import { isVacuous, Scope } from './scope'
import { Server } from './server'
import { checkFile, type EngineImport, importSummary } from './transfer'
import { Watch } from './watch'

type MaybeControl = NativeControl | undefined
/** What a call is given behind its own arguments. */
type Extra = readonly unknown[]

const ITERATE_OPTIONS = ['filters', 'limit', 'order', 'showExpired'] as const
const UPDATE_OPTIONS = ['ifVersion', 'actor', 'reason'] as const
const SEARCH_OPTIONS = ['limit', 'k', 'filters', 'sectors', 'minScore', 'explain', 'showExpired'] as const
const WATCH_OPTIONS = ['filters', 'since', 'signal'] as const
const LONG_OPTIONS = ['onProgress', 'signal'] as const

export class OpenMemory<M extends object = contract.Metadata> implements contract.OpenMemory<M> {
  readonly #settings: Settings
  readonly #scope: Scope
  readonly #servers: Promise<Server>[] = []
  readonly #watches = new Set<Watch<M>>()
  #opened: NativeEngine | undefined
  /** Says that the directory is not open here. */
  #release: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(options?: contract.OpenMemoryOptions, ...extra: Extra) {
    const site = new CallSite(1)
    try {
      refuseExtra(extra)
      this.#settings = settingsOf(options)
    } catch (error) {
      throw site.claim(error)
    }
    this.#scope = new Scope(this.#settings.userId)
  }

  addMemory(
    memory: contract.NewMemory<M>,
    options?: contract.AddOptions,
    ...extra: Extra
  ): Promise<contract.AddedMemory<M>> {
    return this.#call(extra, (engine) => {
      const { ifExists } = checkOptions(options, ['ifExists'])
      const record = this.#scope.memory(checkRecord(memory, 'memory'))
      // Undefined and null count as absent, as in a batch.
      const request = { memory: { ...record, ifExists: record.ifExists ?? ifExists } }
      return read<contract.AddedMemory<M>>(engine.add(JSON.stringify(request)))
    })
  }

  addMemories(
    memories: readonly contract.NewMemory<M>[],
    options?: contract.AddManyOptions,
    ...extra: Extra
  ): Promise<contract.ItemResult<contract.AddedMemory<M>>[]> {
    return this.#call(extra, (engine, site) => {
      const { atomic = false, ifExists, ...long } = checkOptions(options, [...LONG_OPTIONS, 'atomic', 'ifExists'])
      const prepare = (item: unknown, index: number) => this.#scope.memory(checkRecord(item, `memories[${index}]`))
      return longCall(long, this.#settings.control, (control) =>
        perItem(checkItems(memories, 'memories'), { atomic, site, prepare }, (items) =>
          read<EngineItem<contract.AddedMemory<M>>[]>(engine.addMany(encode({ items, atomic, ifExists }), control)),
        ),
      )
    })
  }

  getMemory(id: string, options?: contract.GetOptions, ...extra: Extra): Promise<contract.Memory<M>> {
    return this.#call(extra, (engine) => {
      const { version, at } = checkOptions(options, ['version', 'at'])
      if (version !== undefined && at !== undefined) throw invalid('at', 'and version exclude each other')
      const request = { id: checkId(id), version, at: at && isoTime(at, 'at') }
      return read<contract.Memory<M>>(engine.get(encode(request)))
    })
  }

  listMemories(options?: contract.ListOptions, ...extra: Extra): Promise<contract.MemoryPage<M>> {
    return this.#call(extra, (engine, _, control) =>
      this.#page(engine, checkOptions(options, [...ITERATE_OPTIONS, 'cursor']), control()),
    )
  }

  async *iterateMemories(
    options?: contract.IterateOptions,
    ...extra: Extra
  ): AsyncGenerator<contract.Memory<M>, void, undefined> {
    let cursor: string | undefined
    // A memory that is updated on the way moves to the end of its order, and is met again there.
    const met = options?.order?.startsWith('updated_at') ? new Set<string>() : undefined
    do {
      const page = await this.#call(extra, (engine, _, control) => {
        const checked = checkOptions(options, ITERATE_OPTIONS)
        return this.#page(engine, { ...checked, ...(cursor !== undefined && { cursor }) }, control())
      })
      for (const memory of page.memories) {
        if (met?.has(memory.id)) continue
        met?.add(memory.id)
        yield memory
      }
      cursor = page.next_cursor
    } while (cursor !== undefined)
  }

  updateMemory(
    id: string,
    patch: contract.MemoryPatch<M>,
    options?: contract.UpdateOptions,
    ...extra: Extra
  ): Promise<contract.Memory<M>> {
    return this.#call(extra, (engine) => {
      const checked = checkOptions(options, UPDATE_OPTIONS)
      assertLossless(checked, '')
      const request = { id: checkId(id), patch: checkRecord(patch, 'patch'), ...checked }
      return read<contract.Memory<M>>(engine.update(JSON.stringify(request)))
    })
  }

  updateMemories(
    updates: readonly contract.MemoryUpdate<M>[],
    options?: contract.UpdateManyOptions,
    ...extra: Extra
  ): Promise<contract.ItemResult<contract.Memory<M>>[]> {
    return this.#call(extra, (engine, site) => {
      const checked = checkOptions(options, [...LONG_OPTIONS, 'atomic', 'actor', 'reason'])
      const { atomic = false, actor, reason, ...long } = checked
      const prepare = (item: unknown, index: number) => checkRecord(item, `updates[${index}]`)
      return longCall(long, this.#settings.control, (control) =>
        perItem(checkItems(updates, 'updates'), { atomic, site, prepare }, (items) => {
          assertLossless({ atomic, actor, reason }, '')
          return read<EngineItem<contract.Memory<M>>[]>(
            engine.updateMany(JSON.stringify({ items, atomic, actor, reason }), control),
          )
        }),
      )
    })
  }

  deleteMemory(id: string, options?: contract.UpdateOptions, ...extra: Extra): Promise<contract.DeletedMemory<M>> {
    return this.#call(extra, (engine) => {
      const request = { id: checkId(id), ...checkOptions(options, ['ifVersion', 'actor', 'reason']) }
      return read<contract.DeletedMemory<M>>(engine.delete(encode(request)))
    })
  }

  deleteMemories(
    ids: readonly string[],
    options?: contract.LongCallOptions,
  ): Promise<contract.ItemResult<contract.DeletedMemory<M>>[]>
  deleteMemories(
    selection: contract.DeleteSelection,
    options?: contract.LongCallOptions,
  ): Promise<contract.DeleteSummary>
  deleteMemories(
    which: readonly string[] | contract.DeleteSelection,
    options?: contract.LongCallOptions,
    ...extra: Extra
  ): Promise<contract.ItemResult<contract.DeletedMemory<M>>[] | contract.DeleteSummary> {
    return this.#call(extra, (engine, site) =>
      longCall<contract.ItemResult<contract.DeletedMemory<M>>[] | contract.DeleteSummary>(
        checkOptions(options, LONG_OPTIONS),
        this.#settings.control,
        (control) => {
          if (!Array.isArray(which)) {
            const selection = this.#selection(which as contract.DeleteSelection)
            return read<contract.DeleteSummary>(engine.deleteMany(JSON.stringify(selection), control))
          }
          return perItem(checkItems<string>(which, 'ids'), { atomic: false, site, prepare: checkId }, (ids) =>
            read<EngineItem<contract.DeletedMemory<M>>[]>(engine.deleteMany(JSON.stringify({ ids }), control)),
          )
        },
      ),
    )
  }

  searchMemories(query: string, options?: contract.SearchOptions, ...extra: Extra): Promise<contract.MemoryMatch<M>[]> {
    return this.#call(extra, (engine, _, control) => {
      const { filters, ...rest } = checkOptions(options, SEARCH_OPTIONS)
      if (typeof query !== 'string') throw invalid('query', `must be a string, not ${describe(query)}`)
      assertLossless({ query, ...rest }, '')
      const { limit, k = limit, ...steering } = rest
      if (rest.k !== undefined && limit !== undefined) throw invalid('limit', 'and k exclude each other')
      // The engine knows the limit of a search as k.
      const request = { query, k, ...steering, filters: this.#scope.filters(filters) }
      const matches = read<contract.MemoryMatch<M>[]>(engine.search(JSON.stringify(request), control()))
      if (limit === undefined) return matches
      return matches.catch((error) => {
        throw renamed(error, 'k', 'limit')
      })
    })
  }

  reinforceMemory(id: string, options?: contract.ReinforceOptions, ...extra: Extra): Promise<contract.Memory<M>> {
    return this.#call(extra, (engine) =>
      read<contract.Memory<M>>(engine.reinforce(encode({ id: checkId(id), ...checkOptions(options, ['boost']) }))),
    )
  }

  getHistory(id: string, options?: contract.HistoryOptions, ...extra: Extra): Promise<contract.MemoryVersion<M>[]> {
    return this.#call(extra, (engine, _, control) => {
      const request = { id: checkId(id), ...checkOptions(options, ['limit', 'before']) }
      return read<contract.MemoryVersion<M>[]>(engine.history(encode(request), control()))
    })
  }

  restoreMemory(
    id: string,
    version: number,
    options?: contract.RestoreOptions,
    ...extra: Extra
  ): Promise<contract.Memory<M>> {
    return this.#call(extra, (engine) => {
      const checked = checkOptions(options, UPDATE_OPTIONS)
      if (typeof version !== 'number') throw invalid('version', `must be a number, not ${describe(version)}`)
      return read<contract.Memory<M>>(engine.restore(encode({ id: checkId(id), version, ...checked })))
    })
  }

  sendFeedback(
    id: string,
    feedback: contract.Feedback | null,
    options?: contract.FeedbackOptions,
    ...extra: Extra
  ): Promise<contract.Memory<M>> {
    return this.#call(extra, (engine) => {
      // Null takes feedback back; an absent one is more likely a mistake.
      if (feedback === undefined) throw invalid('feedback', 'is missing')
      const request = { id: checkId(id), feedback, ...checkOptions(options, ['reason']) }
      return read<contract.Memory<M>>(engine.feedback(encode(request)))
    })
  }

  getWaypoints(id: string, ...extra: Extra): Promise<contract.Waypoint[]> {
    return this.#call(extra, (engine) => read<contract.Waypoint[]>(engine.waypoints(encode({ id: checkId(id) }))))
  }

  watch(options?: contract.WatchOptions, ...extra: Extra): AsyncIterableIterator<contract.MemoryChange<M>> {
    const watch: Watch<M> = new Watch<M>(
      (wake) => {
        if (this.#closing) throw failure('CLOSED', 'this OpenMemory is closed')
        refuseExtra(extra)
        const { filters, since, signal } = checkOptions(options, WATCH_OPTIONS)
        const request = encode({ filters: this.#scope.filters(filters), since: since && isoTime(since, 'since') })
        return { watcher: this.#settings.watcher(this.#engine(), request, wake), signal: checkSignal(signal) }
      },
      () => this.#watches.delete(watch),
      this.#explain,
    )
    this.#watches.add(watch)
    watch.begin()
    return watch
  }

  reindex(options?: contract.LongCallOptions, ...extra: Extra): Promise<contract.ReindexSummary> {
    return this.#call(extra, (engine) =>
      longCall(checkOptions(options, LONG_OPTIONS), this.#settings.control, (control) =>
        read<contract.ReindexSummary>(engine.reindex('{}', control)),
      ),
    )
  }

  backup(dir: string, ...extra: Extra): Promise<contract.BackupSummary> {
    return this.#call(extra, (engine) => {
      if (typeof dir !== 'string' || dir === '') throw invalid('dir', 'must be the path of a directory')
      assertLossless(dir, 'dir')
      // A server knows its backups by name.
      const target = this.#settings.directory === undefined ? dir : resolve(dir)
      return read<contract.BackupSummary>(engine.backup(target))
    })
  }

  exportTo(file: string, options?: contract.ExportOptions, ...extra: Extra): Promise<contract.ExportSummary> {
    return this.#call(extra, (engine, _site, _control, late) => {
      const { filters: given, ...long } = checkOptions(options, [...LONG_OPTIONS, 'filters'])
      const [target, filters] = [checkFile(file), this.#scope.filters(given)]
      const waiting = this.#waiting(long, late)
      return writingTo(target, waiting.check, (file) => {
        waiting.begun()
        return longCall(long, this.#settings.control, (control) =>
          read<contract.ExportSummary>(engine.exportTo(encode({ file, filters }), control)),
        )
      })
    })
  }

  importFrom(file: string, options?: contract.ImportOptions, ...extra: Extra): Promise<contract.ImportSummary> {
    return this.#call(extra, (engine, site, _control, late) => {
      const { onConflict, ...long } = checkOptions(options, [...LONG_OPTIONS, 'onConflict'])
      const source = checkFile(file)
      assertLossless({ onConflict }, '')
      return readingFrom(source, this.#waiting(long, late).check, (file) =>
        longCall(long, this.#settings.control, async (control) =>
          importSummary(await read<EngineImport>(engine.importFrom(encode({ file, onConflict }), control)), site),
        ),
      )
    })
  }

  stats(...extra: Extra): Promise<contract.Stats> {
    return this.#call(extra, (engine) => read<contract.Stats>(engine.stats()))
  }

  serve(options?: contract.ServeOptions, ...extra: Extra): Promise<contract.Server> {
    return this.#call(extra, async (engine) => {
      const { directory, lock } = this.#settings
      if (directory === undefined) throw invalid('url', 'names a server already; serve() needs a directory')
      const server = Server.start(engine, { directory, lock }, options)
      this.#servers.push(server)
      return server
    })
  }

  ready(...extra: Extra): Promise<void> {
    return this.#call(extra, async (engine) => {
      await read(engine.ready())
    })
  }

  compact(...extra: Extra): Promise<contract.CompactSummary> {
    return this.#call(extra, (engine) => read<contract.CompactSummary>(engine.compact()))
  }

  flush(...extra: Extra): Promise<void> {
    return this.#call(extra, async (engine) => {
      await read(engine.flush())
    })
  }

  close(...extra: Extra): Promise<void> {
    const site = new CallSite(1)
    try {
      // A listener to an event is called with more, and a store must not stay open for that.
      refuseExtra(extra.filter(isPlainObject))
    } catch (error) {
      return Promise.reject(site.claim(error))
    }
    this.#closing ??= this.#close(site)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(site: CallSite): Promise<void> {
    try {
      for (const watch of this.#watches) watch.end()
      // One that is only beginning ends too.
      const begun = await Promise.allSettled(this.#servers)
      await Promise.all(begun.map((server) => server.status === 'fulfilled' && server.value.close()))
      if (this.#opened) await read(this.#opened.close())
    } catch (error) {
      throw site.claim(error)
    } finally {
      this.#release?.()
    }
  }

  // Every method is called by the user's code and calls this: two frames to leave out of an error's stack.
  async #call<T>(
    extra: Extra,
    work: (engine: NativeEngine, site: CallSite, control: () => MaybeControl, late: () => boolean) => Promise<T>,
  ): Promise<T> {
    const site = new CallSite(2)
    const { timeoutMs } = this.#settings
    let made: MaybeControl
    let expired = false
    // Of a call that changes nothing, so that it stops when its time is over.
    const control = () => {
      if (timeoutMs !== undefined) made = this.#settings.control()
      return made
    }
    try {
      if (this.#closing) throw failure('CLOSED', 'this OpenMemory is closed')
      refuseExtra(extra)
      const late = () => expired
      return await withDeadline(work(this.#engine(), site, control, late), timeoutMs, () => {
        expired = true
        made?.cancel()
      })
    } catch (error) {
      throw error instanceof ProgressFailure ? error.error : site.claim(this.#explain(error))
    }
  }

  #engine(): NativeEngine {
    this.#opened ??= gated(this.#settings.open(), this.#settings.lock)
    this.#release ??= holdHere(this.#settings.directory)
    return this.#opened
  }

  /** The error as the user should hear it; a directory that is LOCKED was not opened here. */
  readonly #explain = (error: unknown): unknown => {
    if ((error as { code?: unknown } | undefined)?.code !== 'LOCKED') return error
    this.#release?.()
    this.#release = undefined
    return explainLock(error as OpenMemoryError, this.#settings.directory)
  }

  /** Whether a call goes on that waits for the other end of a pipe. What has begun is finished, also while this closes. */
  #waiting(long: contract.LongCallOptions, late: () => boolean): { check: Check; begun: () => void } {
    checkLong(long)
    let begun = false
    return {
      begun: () => {
        begun = true
      },
      check: () => {
        if (this.#closing && !begun) throw failure('CLOSED', 'this OpenMemory is closed')
        if (late()) throw failure('TIMEOUT', 'the call took too long')
        checkLong(long)
      },
    }
  }

  #page(
    engine: NativeEngine,
    { filters, ...rest }: contract.ListOptions,
    control: MaybeControl,
  ): Promise<contract.MemoryPage<M>> {
    assertLossless(rest, '')
    return read(engine.list(JSON.stringify({ ...rest, filters: this.#scope.filters(filters) }), control))
  }

  #selection(given: contract.DeleteSelection): object {
    if (given === undefined || given === null) throw invalid('ids', 'are missing')
    if (typeof given !== 'object')
      throw invalid('ids', `must be an array, or an object with filters, not ${describe(given)}`)
    const { filters, all } = checkOptions<{ filters?: contract.Filters; all?: true }>(given, ['filters', 'all'])
    if (all !== undefined && filters !== undefined) throw invalid('all', 'and filters exclude each other')
    if (all !== undefined && all !== true) throw invalid('all', 'must be true')
    const scoped = this.#scope.filters(filters)
    if (!all && (filters === undefined || isVacuous(filters))) {
      throw invalid('filters', 'must not be empty; to delete all memories, say { all: true }')
    }
    return scoped === undefined ? { all: true } : { filters: scoped }
  }
}

function encode(request: object): string {
  assertLossless(request, '')
  return JSON.stringify(request)
}

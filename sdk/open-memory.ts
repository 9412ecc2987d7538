// What can a user do with a store? Arguments are checked here; a backend does the work.

import type * as contract from '../index'
import type { Backend, CallControl, PlainObject } from './backend'
import { perItem } from './batch'
import { CallSite } from './call-site'
import { cancellable, checkLongCall, checkSignal, endable, ProgressFailure, unlessAborted } from './cancellable'
import { connect } from './connect'
import { conversationAbout, NEIGHBOURS, similar } from './consolidate'
import { ALL_TOKENS, fitted } from './context'
import { withDeadline } from './deadline'
import { failure, invalid } from './errors'
import { conversation, redacts } from './learning'
import { checkOperation, undoing } from './operations'
import { type Check, readingFrom, writingTo } from './pipes'
import { conversations, messagesOf } from './relearn'
import { isVacuous, Scope } from './scope'
import {
  asNumbers,
  checkExpiry,
  checkId,
  checkItems,
  checkOptions,
  checkRecord,
  describe,
  isoTime,
  rejectExtra,
} from './validate/arguments'
import { checkFile } from './validate/file'
import { assertLossless, isPlainObject } from './validate/json'
import { Watch } from './watch'

/** Arguments after a method's own. */
type Extra = readonly unknown[]

/** A call in progress. */
interface Call {
  site: CallSite
  /** Makes a call that changes nothing, which stops at its deadline, or when the signal fires. */
  reading<T>(signal: AbortSignal | undefined, work: (control: CallControl | undefined) => Promise<T>): Promise<T>
  expired(): boolean
}

const ITERATE_OPTIONS = ['filters', 'limit', 'order', 'showExpired', 'showRetired', 'at', 'asOf', 'signal'] as const
/** Fields of an item of a batch beside those of its patch. */
const NOT_IN_PATCH = ['id', 'ifVersion', 'correction']
const UPDATE_OPTIONS = ['ifVersion', 'actor', 'reason'] as const
const SEARCH_OPTIONS = [
  ...['limit', 'offset', 'vector', 'k', 'filters', 'sectors', 'minScore', 'explain', 'showExpired', 'showRetired'],
  ...['at', 'asOf', 'referenceTime', 'history', 'includeHistory', 'signal'],
] as readonly (keyof contract.SearchOptions)[]
const CONTEXT_OPTIONS = [
  ...SEARCH_OPTIONS.filter((name) => !['k', 'explain', 'offset'].includes(name)),
  ...['tokens', 'countTokens', 'order'],
] as readonly (keyof contract.ContextOptions)[]
const RETIRE_OPTIONS = [...UPDATE_OPTIONS, 'why', 'valid_to'] as const
const FACET_OPTIONS = ['field', 'filters', 'limit', 'showExpired', 'showRetired', 'signal'] as const
const SCOPE_OPTIONS = ['user_id', 'agent_id', 'app_id', 'run_id'] as const
const LEARN_OPTIONS = [
  ...['user_id', 'agent_id', 'app_id', 'run_id', 'tags', 'metadata', 'expires_at', 'immutable', 'at', 'timezone'],
  ...['instructions', 'from', 'allow', 'mode', 'keepMessages', 'redact', 'filters', 'maxOperations', 'languageModel'],
  ...['categories', 'wait', 'actor', 'reason', 'signal', 'onProgress'],
] as readonly (keyof contract.LearnOptions)[]
const CONSOLIDATE_OPTIONS = [
  ...[...SCOPE_OPTIONS, 'memories', 'feedback', 'limit', 'filters', 'instructions', 'mode', 'maxOperations'],
  ...['wait', 'languageModel', 'signal', 'actor', 'reason'],
] as readonly (keyof contract.ConsolidateOptions)[]
/** Of a query, at most. */
const QUERY_CHARACTERS = 2000
const RELEARN_OPTIONS = [
  ...['timezone', 'instructions', 'from', 'allow', 'mode', 'filters', 'maxOperations', 'languageModel', 'signal'],
  ...['actor', 'reason'],
] as readonly (keyof contract.RelearnOptions)[]
const CORRECTIONS = ['apply', 'review', 'propose', 'dry']
const WATCH_OPTIONS = ['filters', 'since', 'signal'] as const
const LONG_OPTIONS = ['onProgress', 'signal'] as const

export class OpenMemory<M extends object = contract.Metadata> implements contract.OpenMemory<M> {
  readonly #backend: Backend<M>
  readonly #timeoutMs: number | undefined
  readonly #scope: Scope
  readonly #servers: Promise<contract.Server>[] = []
  readonly #watches = new Set<Watch<M>>()
  #closing: Promise<void> | undefined

  constructor(options?: contract.OpenMemoryOptions, ...extra: Extra) {
    const site = new CallSite(1)
    try {
      rejectExtra(extra)
      const { backend, userId, timeoutMs } = connect<M>(options)
      this.#backend = backend
      this.#timeoutMs = timeoutMs
      this.#scope = new Scope(userId)
    } catch (error) {
      throw site.withCallerStack(error)
    }
  }

  addMemory(memory: contract.NewMemory<M>, options?: contract.AddOptions, ...extra: Extra) {
    return this.#call(extra, () => {
      const { ifExists, onConflict, signal } = checkOptions(options, ['ifExists', 'onConflict', 'signal'])
      const record = this.#scope.memory(checkRecord(memory, 'memory'))
      // Undefined and null count as absent, as in a batch.
      const duplicates = { ifExists: record.ifExists ?? ifExists, onConflict: record.onConflict ?? onConflict }
      const added = { ...record, ...duplicates }
      if (signal === undefined) return this.#backend.add({ memory: added })
      return endable(signal, (control) => this.#backend.addMany({ items: [added], atomic: false }, control))
    })
  }

  addMemories(memories: readonly contract.NewMemory<M>[], options?: contract.AddManyOptions, ...extra: Extra) {
    return this.#call(extra, ({ site }) => {
      const known = [...LONG_OPTIONS, 'atomic', 'ifExists', 'onConflict'] as const
      const { atomic = false, ifExists, onConflict, ...long } = checkOptions(options, known)
      const prepare = (item: unknown, index: number) => this.#scope.memory(checkRecord(item, `memories[${index}]`))
      return cancellable(long, (control) =>
        perItem(checkItems(memories, 'memories'), { atomic, site, prepare }, (items) =>
          this.#backend.addMany(lossless({ items, atomic, ifExists, onConflict }), control),
        ),
      )
    })
  }

  getMemory(id: string, options?: contract.GetOptions, ...extra: Extra) {
    return this.#call(extra, () => {
      const checked = asText(checkOptions(options, ['version', 'at', 'asOf']))
      for (const name of ['at', 'asOf'] as const) {
        if (checked.version !== undefined && checked[name] !== undefined) {
          throw invalid(name, 'and version exclude each other')
        }
      }
      return this.#backend.get(lossless({ id: checkId(id), ...checked }))
    })
  }

  listMemories(options?: contract.ListOptions, ...extra: Extra) {
    return this.#call(extra, (call) => this.#page(checkOptions(options, [...ITERATE_OPTIONS, 'cursor']), call))
  }

  async *iterateMemories(
    options?: contract.IterateOptions,
    ...extra: Extra
  ): AsyncGenerator<contract.Memory<M>, void, undefined> {
    let cursor: string | undefined
    // A memory that is updated meanwhile moves to the end of its order and would be returned again.
    const seen = options?.order?.startsWith('updated_at') ? new Set<string>() : undefined
    do {
      const page = await this.#call(extra, (call) => {
        const checked = checkOptions(options, ITERATE_OPTIONS)
        return this.#page({ ...checked, ...(cursor !== undefined && { cursor }) }, call)
      })
      for (const memory of page.memories) {
        if (seen?.has(memory.id)) continue
        seen?.add(memory.id)
        yield memory
      }
      cursor = page.next_cursor
    } while (cursor !== undefined)
  }

  updateMemory(id: string, patch: contract.MemoryPatch<M>, options?: contract.CorrectionOptions, ...extra: Extra) {
    return this.#call(extra, () => {
      const { signal, ...given } = checkOptions(options, [...UPDATE_OPTIONS, 'correction', 'signal'])
      const checked = lossless(given)
      const request = { id: checkId(id), patch: checkRecord(patch, 'patch'), ...checked }
      // What is no field of a patch is refused by name there.
      if (signal === undefined || NOT_IN_PATCH.some((name) => name in request.patch)) {
        return this.#backend.update(request)
      }
      const { patch: changes, actor, reason, ...conditions } = request
      const batch = { items: [{ ...changes, ...conditions }], atomic: false, actor, reason }
      return endable(signal, (control) => this.#backend.updateMany(batch, control))
    })
  }

  updateMemories(updates: readonly contract.MemoryUpdate<M>[], options?: contract.UpdateManyOptions, ...extra: Extra) {
    return this.#call(extra, ({ site }) => {
      const checked = checkOptions(options, [...LONG_OPTIONS, 'atomic', 'actor', 'reason'])
      const { atomic = false, actor, reason, ...long } = checked
      const prepare = (item: unknown, index: number) => checkRecord(item, `updates[${index}]`)
      return cancellable(long, (control) =>
        perItem(checkItems(updates, 'updates'), { atomic, site, prepare }, (items) =>
          this.#backend.updateMany({ items, ...lossless({ atomic, actor, reason }) }, control),
        ),
      )
    })
  }

  applyOperations(
    operations: readonly contract.Operation<M>[],
    options?: contract.OperationsOptions,
    ...extra: Extra
  ): Promise<contract.ItemResult<contract.OperatedMemory<M>>[]> {
    return this.#call(extra, ({ site }) => {
      const { actor, reason, ...long } = checkOptions(options, [...LONG_OPTIONS, 'actor', 'reason'])
      const scoped = (memory: PlainObject) => this.#scope.memory(memory)
      const prepare = (item: unknown, index: number) => checkOperation(item, `operations[${index}]`, scoped)
      return cancellable(long, (control) =>
        perItem(checkItems(operations, 'operations'), { atomic: true, site, prepare }, (items) =>
          this.#backend.applyOperations({ operations: items, ...lossless({ actor, reason }) }, control),
        ),
      )
    })
  }

  undoOperations(
    results: readonly contract.ItemResult<contract.OperatedMemory<M>>[],
    options?: contract.Attribution,
    ...extra: Extra
  ): Promise<contract.ItemResult<contract.OperatedMemory<M>>[]> {
    return this.#call(extra, async ({ site }) => {
      const checked = lossless(checkOptions(options, ['actor', 'reason']))
      const operations = undoing(results)
      if (operations.length === 0) return []
      const undone = await this.#backend.applyOperations({ operations, ...checked }, {})
      return undone.map((result) => (result.ok ? result : { ...result, error: site.withCallerStack(result.error) }))
    })
  }

  deleteMemory(id: string, options?: contract.UpdateOptions, ...extra: Extra) {
    return this.#call(extra, () =>
      this.#backend.delete(lossless({ id: checkId(id), ...checkOptions(options, UPDATE_OPTIONS) })),
    )
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
    return this.#call(extra, ({ site }) =>
      cancellable<contract.ItemResult<contract.DeletedMemory<M>>[] | contract.DeleteSummary>(
        checkOptions(options, LONG_OPTIONS),
        (control) => {
          if (!Array.isArray(which)) {
            return this.#backend.deleteSelected(this.#selection(which as contract.DeleteSelection), control)
          }
          return perItem(checkItems<string>(which, 'ids'), { atomic: false, site, prepare: checkId }, (ids) =>
            this.#backend.deleteIds(ids, control),
          )
        },
      ),
    )
  }

  searchMemories(query: string, options?: contract.SearchOptions, ...extra: Extra) {
    return this.#call(extra, (call) => this.#search(query, checkOptions(options, SEARCH_OPTIONS), call))
  }

  facets(options: contract.FacetOptions, ...extra: Extra): Promise<contract.Facets> {
    return this.#call(extra, (call) => {
      const { field, filters, signal, ...rest } = checkOptions(options, FACET_OPTIONS)
      if (typeof field !== 'string') throw invalid('field', `must be a string, not ${describe(field)}`)
      const request = { ...lossless({ field, ...rest }), filters: this.#scope.filters(filters) }
      return call.reading(signal, (control) => this.#backend.facets(request, control))
    })
  }

  touchMemories(ids: readonly string[], options: contract.TouchOptions, ...extra: Extra) {
    return this.#call(extra, ({ site }) => {
      const expires_at = checkExpiry(options)
      return perItem(checkItems<string>(ids, 'ids'), { atomic: false, site, prepare: checkId }, (accepted) =>
        this.#backend.touch({ ids: accepted, expires_at }),
      )
    })
  }

  context(query: string, options?: contract.ContextOptions, ...extra: Extra): Promise<contract.ContextBlock<M>> {
    return this.#call(extra, async (call) => {
      const { tokens = 1000, countTokens, ...rest } = checkOptions(options, CONTEXT_OPTIONS)
      if (countTokens === undefined) return this.#context(query, { tokens, ...rest }, call)
      if (typeof countTokens !== 'function') throw invalid('countTokens', 'must be a function')
      if (!Number.isInteger(tokens) || tokens < 1) throw invalid('tokens', 'must be a whole number of at least 1')
      const { order = 'time', ...search } = rest
      if (order !== 'time' && order !== 'relevance') throw invalid('order', 'must be time or relevance')
      const all = await this.#context(query, { ...search, tokens: ALL_TOKENS, order: 'relevance' }, call)
      return fitted(all, { tokens, countTokens, order })
    })
  }

  reinforceMemory(id: string, options?: contract.ReinforceOptions, ...extra: Extra) {
    return this.#call(extra, () =>
      this.#backend.reinforce(lossless({ id: checkId(id), ...checkOptions(options, ['boost']) })),
    )
  }

  getHistory(id: string, options?: contract.HistoryOptions, ...extra: Extra) {
    return this.#call(extra, (call) => {
      const { signal, ...page } = checkOptions(options, ['limit', 'before', 'signal'])
      const request = lossless({ id: checkId(id), ...page })
      return call.reading(signal, (control) => this.#backend.history(request, control))
    })
  }

  restoreMemory(id: string, version: number, options?: contract.RestoreOptions, ...extra: Extra) {
    return this.#call(extra, () => {
      const checked = checkOptions(options, UPDATE_OPTIONS)
      if (typeof version !== 'number') throw invalid('version', `must be a number, not ${describe(version)}`)
      return this.#backend.restore(lossless({ id: checkId(id), version, ...checked }))
    })
  }

  retireMemory(id: string, options?: contract.RetireOptions, ...extra: Extra) {
    return this.#call(extra, () => {
      const { valid_to, ...checked } = checkOptions(options, RETIRE_OPTIONS)
      const until = valid_to && isoTime(valid_to, 'valid_to')
      return this.#backend.retire(
        lossless({ id: checkId(id), ...checked, ...(until !== undefined && { valid_to: until }) }),
      )
    })
  }

  sendFeedback(
    id: string,
    feedback: contract.Feedback | null,
    options?: contract.FeedbackOptions,
    ...extra: Extra
  ): Promise<contract.Memory<M> & { learning?: contract.Learning }> {
    const recorded = this.#call(extra, () => {
      // Null removes feedback; an absent one is more likely a mistake.
      if (feedback === undefined) throw invalid('feedback', 'is missing')
      const { correct, reason } = checkOptions(options, ['reason', 'correct'])
      if (correct !== undefined) checkCorrection(correct, feedback, reason)
      return this.#backend.feedback(lossless({ id: checkId(id), feedback, reason }))
    })
    return options?.correct === undefined ? recorded : recorded.then((memory) => this.#corrected(memory, options))
  }

  async #corrected(memory: contract.Memory<M>, { reason, correct }: contract.FeedbackOptions) {
    const { id, user_id, agent_id, app_id, run_id } = memory
    const asked = { memories: [id], feedback: reason, mode: correct, reason }
    return { ...memory, learning: await this.consolidate({ ...asked, user_id, agent_id, app_id, run_id }) }
  }

  learn(
    input: string | readonly contract.Message[],
    options?: contract.LearnOptions,
    ...extra: Extra
  ): Promise<contract.Learning> {
    return this.#call(extra, () => {
      const checked = checkOptions(options, LEARN_OPTIONS)
      const { languageModel, redact, wait = true, signal, onProgress, ...more } = checked
      const { filters, at, expires_at, keepMessages, categories, ...rest } = more
      if (typeof wait !== 'boolean') throw invalid('wait', `must be true or false, not ${describe(wait)}`)
      const request = this.#scope.memory({
        ...conversation(input, redact),
        ...rest,
        ...(keepMessages !== undefined && { keepMessages: keepMessages === false ? 'none' : keepMessages }),
        ...(redact !== undefined && { redact: redacts(redact) }),
        ...(categories !== undefined && { categories: named(categories) }),
        ...(at !== undefined && { at: isoTime(at, 'at') }),
        ...(expires_at !== undefined && { expires_at: isoTime(expires_at, 'expires_at') }),
        // Restricts what may be changed; the scope decides what is seen.
        ...(filters !== undefined && { filters }),
      })
      lossless(request)
      return cancellable({ signal, onProgress }, (control) =>
        this.#backend.learn(request, { languageModel, wait }, control),
      )
    })
  }

  getLearning(id: string, ...extra: Extra): Promise<contract.Learning> {
    return this.#call(extra, () => this.#backend.getLearning({ id: checkId(id) }))
  }

  listLearnings(options?: contract.ListLearningsOptions, ...extra: Extra): Promise<contract.LearningPage> {
    return this.#call(extra, () => {
      const checked = checkOptions(options, [...SCOPE_OPTIONS, 'status', 'limit', 'cursor'])
      return this.#backend.listLearnings(lossless(this.#scope.memory({ ...checked })))
    })
  }

  decide(
    id: string,
    decisions: contract.Decision | Record<number, contract.Decision>,
    options?: contract.Attribution,
    ...extra: Extra
  ): Promise<contract.Learning> {
    return this.#call(extra, () => {
      const by = checkOptions(options, ['actor', 'reason'])
      const decided =
        typeof decisions === 'string' ? { all: decisions } : { decisions: checkRecord(decisions, 'decisions') }
      return this.#backend.decide(lossless({ id: checkId(id), ...decided, ...by }))
    })
  }

  undoLearning(id: string, options?: contract.Attribution, ...extra: Extra): Promise<contract.Learning> {
    return this.#call(extra, () => {
      const by = checkOptions(options, ['actor', 'reason'])
      return this.#backend.undoLearning(lossless({ id: checkId(id), ...by }))
    })
  }

  getSources(id: string, options?: { version?: number }, ...extra: Extra): Promise<contract.Source[]> {
    return this.#call(extra, () =>
      this.#backend.sources(lossless({ id: checkId(id), ...checkOptions(options, ['version']) })),
    )
  }

  listMessages(options?: contract.ListMessagesOptions, ...extra: Extra): Promise<contract.MessagePage> {
    return this.#call(extra, () => {
      const checked = checkOptions(options, [...SCOPE_OPTIONS, 'limit', 'cursor'])
      return this.#backend.listMessages(lossless(this.#scope.memory({ ...checked })))
    })
  }

  async *relearn(
    scope: contract.ScopeFields,
    options?: contract.RelearnOptions,
    ...extra: Extra
  ): AsyncGenerator<contract.Learning, void, undefined> {
    rejectExtra(extra)
    const whose = checkOptions(scope, SCOPE_OPTIONS)
    const checked = checkOptions(options, RELEARN_OPTIONS)
    const pages = messagesOf((cursor) => this.listMessages({ ...whose, limit: 1000, ...(cursor && { cursor }) }))
    for await (const { messages, scope } of conversations(pages)) {
      const learning = await this.learn(messages, { mode: 'review', ...checked, ...scope })
      if (learning.usage.calls > 0) yield learning
    }
  }

  async consolidate(options?: contract.ConsolidateOptions, ...extra: Extra): Promise<contract.Learning | undefined> {
    rejectExtra(extra)
    const checked = checkOptions(options, CONSOLIDATE_OPTIONS)
    const { memories, feedback, limit = 200, filters, instructions, ...rest } = checked
    if (feedback !== undefined && memories === undefined) {
      throw invalid('memories', 'is missing: name the memories that the feedback is about')
    }
    const scope = Object.fromEntries(SCOPE_OPTIONS.flatMap((name) => (rest[name] ? [[name, rest[name]]] : [])))
    const within = { ...scope, ...filters }
    const now = new Date()
    // At a time, because such a search leaves no trace in what it finds.
    const near = (content: string) =>
      this.searchMemories(content.slice(0, QUERY_CHARACTERS), { limit: NEIGHBOURS, at: now, filters: within })
    const named = memories && checkItems(memories, 'memories')
    const found = await similar(this.#looked(named, within, limit), near, named !== undefined)
    if (found.length === 0) return undefined
    const asked = conversationAbout(found, feedback, instructions)
    return this.learn(asked.messages, {
      ...{ mode: 'review', keepMessages: 'none', allow: { add: false } },
      ...{ ...rest, filters, instructions: asked.instructions },
    })
  }

  async *#looked(named: readonly unknown[] | undefined, filters: contract.Filters, limit: number) {
    if (named) {
      for (const id of named) yield this.getMemory(id as string)
      return
    }
    const { memories } = await this.listMemories({ filters, limit })
    yield* memories
  }

  deleteMessages(scope: contract.ScopeFields, ...extra: Extra): Promise<{ deleted: number }> {
    return this.#call(extra, () => {
      const checked = checkOptions(scope, SCOPE_OPTIONS)
      return this.#backend.deleteMessages(lossless(this.#scope.memory({ ...checked })))
    })
  }

  getWaypoints(id: string, ...extra: Extra) {
    return this.#call(extra, () => this.#backend.waypoints({ id: checkId(id) }))
  }

  watch(options?: contract.WatchOptions, ...extra: Extra): AsyncIterableIterator<contract.MemoryChange<M>> {
    const watch: Watch<M> = new Watch<M>(
      (wake) => {
        this.#refuseIfClosed()
        rejectExtra(extra)
        const { filters, since, signal } = checkOptions(options, WATCH_OPTIONS)
        const request = { filters: this.#scope.filters(filters), since: since && isoTime(since, 'since') }
        assertLossless({ since: request.since }, '')
        return { source: this.#backend.watch(request, wake), signal: checkSignal(signal) }
      },
      () => this.#watches.delete(watch),
    )
    this.#watches.add(watch)
    watch.begin()
    return watch
  }

  reindex(options?: contract.LongCallOptions, ...extra: Extra) {
    return this.#call(extra, () =>
      cancellable(checkOptions(options, LONG_OPTIONS), (control) => this.#backend.reindex(control)),
    )
  }

  backup(dir: string, ...extra: Extra) {
    return this.#call(extra, () => {
      if (typeof dir !== 'string' || dir === '') throw invalid('dir', 'must be the path of a directory')
      assertLossless(dir, 'dir')
      return this.#backend.backup(dir)
    })
  }

  exportTo(file: string, options?: contract.ExportOptions, ...extra: Extra) {
    return this.#call(extra, (call) => {
      const { filters: given, ...long } = checkOptions(options, [...LONG_OPTIONS, 'filters'])
      const [target, filters] = [checkFile(file), this.#scope.filters(given)]
      const waiting = this.#waiting(long, call)
      return writingTo(target, waiting.check, (file) => {
        waiting.begun()
        return cancellable(long, (control) => this.#backend.exportTo({ file, filters }, control))
      })
    })
  }

  importFrom(file: string, options?: contract.ImportOptions, ...extra: Extra) {
    return this.#call(extra, (call) => {
      const { onConflict, ...long } = checkOptions(options, [...LONG_OPTIONS, 'onConflict'])
      const source = checkFile(file)
      assertLossless({ onConflict }, '')
      return readingFrom(source, this.#waiting(long, call).check, (file) =>
        cancellable(long, async (control) => {
          const { errors, ...counts } = await this.#backend.importFrom({ file, onConflict }, control)
          const own = errors.map((failed) => ({ ...failed, error: call.site.withCallerStack(failed.error) }))
          return { ...counts, errors: own }
        }),
      )
    })
  }

  stats(...extra: Extra) {
    return this.#call(extra, () => this.#backend.stats())
  }

  serve(options?: contract.ServeOptions, ...extra: Extra): Promise<contract.Server> {
    return this.#call(extra, async () => {
      const server = this.#backend.serve(options, (remote) => new OpenMemory(remote))
      this.#servers.push(server)
      return server
    })
  }

  ready(...extra: Extra) {
    return this.#call(extra, () => this.#backend.ready())
  }

  compact(...extra: Extra) {
    return this.#call(extra, () => this.#backend.compact())
  }

  flush(...extra: Extra) {
    return this.#call(extra, () => this.#backend.flush())
  }

  close(...extra: Extra): Promise<void> {
    const site = new CallSite(1)
    try {
      // An event passes its own arguments to a listener, and they must not keep a store open.
      rejectExtra(extra.filter(isPlainObject))
    } catch (error) {
      return Promise.reject(site.withCallerStack(error))
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
      // Servers that are still starting are closed too.
      const started = await Promise.allSettled(this.#servers)
      await Promise.all(started.map((server) => server.status === 'fulfilled' && server.value.close()))
      await this.#backend.close()
    } catch (error) {
      throw site.withCallerStack(error)
    }
  }

  // User code calls a method, and every method calls this: two frames to remove from an error's stack.
  async #call<T>(extra: Extra, work: (call: Call) => Promise<T>): Promise<T> {
    const site = new CallSite(2)
    let expired = false
    let stop: AbortController | undefined
    const reading: Call['reading'] = (signal, work) => {
      if (signal === undefined && this.#timeoutMs === undefined) return work(undefined)
      const stopped = new AbortController()
      stop = stopped
      const control = { signal: stopped.signal }
      if (signal === undefined) return work(control)
      return cancellable({ signal }, ({ signal: fired }) => unlessAborted(work(control), fired, stopped))
    }
    try {
      this.#refuseIfClosed()
      rejectExtra(extra)
      return await withDeadline(work({ site, reading, expired: () => expired }), this.#timeoutMs, () => {
        expired = true
        stop?.abort()
      })
    } catch (error) {
      throw error instanceof ProgressFailure ? error.error : site.withCallerStack(error)
    }
  }

  #refuseIfClosed(): void {
    if (this.#closing) throw failure('CLOSED', 'this OpenMemory is closed')
  }

  /** Whether a call that waits for the other end of a pipe may continue. Once it has begun, closing waits for it. */
  #waiting(long: contract.LongCallOptions, call: Call): { check: Check; begun: () => void } {
    checkLongCall(long)
    let begun = false
    return {
      begun: () => {
        begun = true
      },
      check: () => {
        if (!begun) this.#refuseIfClosed()
        if (call.expired()) throw failure('TIMEOUT', 'the call took too long')
        checkLongCall(long)
      },
    }
  }

  #page(options: contract.ListOptions, call: Call): Promise<contract.MemoryPage<M>> {
    const { filters, signal, ...rest } = asText(options)
    const request = { ...lossless(rest), filters: this.#scope.filters(filters) }
    return call.reading(signal, (control) => this.#backend.list(request, control))
  }

  #search(query: string, options: contract.SearchOptions, call: Call): Promise<contract.MemoryMatch<M>[]> {
    const { signal, ...search } = options
    const request = this.#query(query, search)
    return call.reading(signal, (control) => this.#backend.search(request, control))
  }

  #context(query: string, options: contract.ContextOptions, call: Call): Promise<contract.ContextBlock<M>> {
    const { signal, ...context } = options
    const request = this.#query(query, context)
    return call.reading(signal, (control) => this.#backend.context(request, control))
  }

  #query(query: string, options: contract.SearchOptions) {
    const { filters, vector, ...rest } = asText(options)
    if (typeof query !== 'string') throw invalid('query', `must be a string, not ${describe(query)}`)
    return {
      ...lossless({ query, ...rest, ...(vector !== undefined && { vector: asNumbers(vector) }) }),
      filters: this.#scope.filters(filters),
    }
  }

  #selection(given: contract.DeleteSelection): contract.DeleteSelection {
    if (given === undefined || given === null) throw invalid('ids', 'are missing')
    if (typeof given !== 'object')
      throw invalid('ids', `must be an array, or an object with filters, not ${describe(given)}`)
    const { filters, all } = checkOptions<{ filters?: contract.Filters; all?: true }>(given, ['filters', 'all'])
    if (all !== undefined && filters !== undefined) throw invalid('all', 'and filters exclude each other')
    if (all !== undefined && all !== true) throw invalid('all', 'must be true')
    const scoped = this.#scope.filters(filters)
    if (!all && (filters === undefined || isVacuous(filters))) {
      throw invalid('filters', 'must not be empty; to delete all memories, pass { all: true }')
    }
    return scoped === undefined ? { all: true } : { filters: scoped }
  }
}

/** The options, with times as text. */
function asText<T extends contract.PointInTime & Pick<contract.SearchOptions, 'referenceTime'>>(options: T) {
  const { at, asOf, referenceTime, ...rest } = options
  return {
    ...rest,
    ...(at !== undefined && { at: isoTime(at, 'at') }),
    ...(asOf !== undefined && { asOf: isoTime(asOf, 'asOf') }),
    ...(referenceTime !== undefined && { referenceTime: isoTime(referenceTime, 'referenceTime') }),
  }
}

/** @throws {ValidationError} if JSON cannot represent the request. */
function lossless<T extends object>(request: T): T {
  assertLossless(request, '')
  return request
}

/** Only what is wrong, and why, says how to correct a memory. */
function named(categories: NonNullable<contract.LearnOptions['categories']>) {
  return checkItems(categories, 'categories').map((one) => (typeof one === 'string' ? { name: one } : one))
}

function checkCorrection(correct: unknown, feedback: unknown, reason: unknown): void {
  if (!CORRECTIONS.includes(correct as string)) throw invalid('correct', `must be one of ${CORRECTIONS.join(', ')}`)
  if (feedback !== 'NEGATIVE' && feedback !== 'VERY_NEGATIVE') {
    throw invalid('correct', 'goes with NEGATIVE or VERY_NEGATIVE only')
  }
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw invalid('reason', 'is required with correct: what is wrong')
  }
}

// What must a store be able to do? The facade checks arguments and calls this interface; `native/` implements it with the
// addon in this process, `http/` with a server. Values are typed on both sides, and failures are `OpenMemoryError`s.

import type * as contract from '../index'

/** A memory or a patch whose values JSON can represent. The engine judges its fields. */
export type PlainObject = Record<string, unknown>

type Filters = contract.Filters | undefined

export interface HowToLearn {
  /** Replaces the store's for this call. */
  languageModel: contract.LearnOptions['languageModel']
  /** Whether the call is answered when it is done, and not before. */
  wait: boolean
}

/** How a call that is under way is observed and stopped. */
export interface CallControl {
  signal?: AbortSignal
  onProgress?: (done: number, total: number) => void
}

export interface BatchRequest {
  items: PlainObject[]
  atomic: boolean
}

export interface UpdateRequest extends Omit<contract.CorrectionOptions, 'signal'> {
  id: string
  patch: PlainObject
}

export interface ListRequest extends Omit<contract.ListOptions, 'filters' | 'signal'> {
  filters: Filters
}

export interface SearchRequest extends Omit<contract.SearchOptions, 'filters' | 'vector' | 'signal'> {
  query: string
  vector?: unknown
  filters: Filters
}

export interface ContextRequest extends Omit<contract.ContextOptions, 'filters' | 'vector' | 'countTokens' | 'signal'> {
  query: string
  vector?: unknown
  filters: Filters
}

export interface FacetsRequest extends Omit<contract.FacetOptions, 'filters' | 'signal'> {
  filters: Filters
}

/** An open store. Requests are read before a method returns its promise, so a caller may change them afterwards. */
export interface Backend<M extends object = contract.Metadata> {
  ready(): Promise<void>
  add(request: { memory: PlainObject }): Promise<contract.AddedMemory<M>>
  addMany(
    request: BatchRequest & Omit<contract.AddOptions, 'signal'>,
    control: CallControl,
  ): Promise<contract.ItemResult<contract.AddedMemory<M>>[]>
  get(request: { id: string; version?: number; at?: string; asOf?: string }): Promise<contract.Memory<M>>
  list(request: ListRequest, control?: CallControl): Promise<contract.MemoryPage<M>>
  update(request: UpdateRequest): Promise<contract.Memory<M>>
  updateMany(
    request: BatchRequest & contract.Attribution,
    control: CallControl,
  ): Promise<contract.ItemResult<contract.Memory<M>>[]>
  applyOperations(
    request: { operations: PlainObject[] } & contract.Attribution,
    control: CallControl,
  ): Promise<contract.ItemResult<contract.OperatedMemory<M>>[]>
  delete(request: { id: string } & contract.UpdateOptions): Promise<contract.DeletedMemory<M>>
  deleteIds(ids: readonly string[], control: CallControl): Promise<contract.ItemResult<contract.DeletedMemory<M>>[]>
  deleteSelected(selection: contract.DeleteSelection, control: CallControl): Promise<contract.DeleteSummary>
  search(request: SearchRequest, control?: CallControl): Promise<contract.MemoryMatch<M>[]>
  context(request: ContextRequest, control?: CallControl): Promise<contract.ContextBlock<M>>
  facets(request: FacetsRequest, control?: CallControl): Promise<contract.Facets>
  touch(request: { ids: string[]; expires_at: string | null }): Promise<contract.ItemResult<contract.Memory<M>>[]>
  reinforce(request: { id: string } & contract.ReinforceOptions): Promise<contract.Memory<M>>
  history(
    request: { id: string } & Omit<contract.HistoryOptions, 'signal'>,
    control?: CallControl,
  ): Promise<contract.MemoryVersion<M>[]>
  restore(request: { id: string; version: number } & contract.RestoreOptions): Promise<contract.Memory<M>>
  retire(request: { id: string } & contract.RetireOptions): Promise<contract.Memory<M>>
  feedback(
    request: { id: string; feedback: contract.Feedback | null } & contract.FeedbackOptions,
  ): Promise<contract.Memory<M>>
  learn(request: PlainObject, how: HowToLearn, control: CallControl): Promise<contract.Learning>
  getLearning(request: { id: string }): Promise<contract.Learning>
  listLearnings(request: PlainObject): Promise<contract.LearningPage>
  decide(request: PlainObject): Promise<contract.Learning>
  undoLearning(request: { id: string } & contract.Attribution): Promise<contract.Learning>
  sources(request: { id: string; version?: number }): Promise<contract.Source[]>
  listMessages(request: PlainObject): Promise<contract.MessagePage>
  deleteMessages(request: PlainObject): Promise<{ deleted: number }>
  waypoints(request: { id: string }): Promise<contract.Waypoint[]>
  /** @param wake is called when there are changes to take */
  watch(request: { filters: Filters; since: string | undefined }, wake: () => void): ChangeSource<M>
  reindex(control: CallControl): Promise<contract.ReindexSummary>
  exportTo(request: { file: string; filters: Filters }, control: CallControl): Promise<contract.ExportSummary>
  importFrom(
    request: { file: string; onConflict: contract.ImportOptions['onConflict'] },
    control: CallControl,
  ): Promise<contract.ImportSummary>
  stats(): Promise<contract.Stats>
  backup(target: string): Promise<contract.BackupSummary>
  compact(): Promise<contract.CompactSummary>
  flush(): Promise<void>
  /** @param reach makes a client of the server, for hosts of models that connect to it */
  serve(
    options: contract.ServeOptions | undefined,
    reach: (options: contract.RemoteOptions) => contract.OpenMemory,
  ): Promise<contract.Server>
  /** Settles pending calls first. Closing again does nothing. */
  close(): Promise<void>
}

/** A watcher's position among the changes. */
export interface ChangeSource<M extends object = contract.Metadata> {
  /** The changes since the last call. If there are none, `wake` is called at the next one. */
  take(): Promise<{ changes: contract.MemoryChange<M>[]; ended: boolean }>
  end(): void
}

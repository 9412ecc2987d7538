// The store in this process: each call is JSON text to the addon, which opens the directory, or connects to the database, on
// first use.

import { resolve } from 'node:path'
import type * as contract from '../../index'
import { onAbort } from '../abort'
import type * as requests from '../backend'
import type { Backend, CallControl, ChangeSource } from '../backend'
import { type ImportBody, type ItemBody, importSummary, itemResults } from '../error-body'
import { failure, invalid, OpenMemoryError } from '../errors'
import { languageModelOf } from '../language-model/given'
import type { Model } from '../language-model/model'
import { CallLimits, type Limiter } from '../limiter'
import {
  addon,
  type NativeComplete,
  type NativeControl,
  type NativeDatabase,
  type NativeEmbed,
  type NativeEngine,
  type NativeModule,
} from './addon'
import { read } from './answer'
import { askWith, describeModel, refuseWithin, scopeOf } from './ask-model'
import type { LockWait } from './lock-wait'
import { explainLock, holdDirectory } from './open-directories'
import { type Reach, Server } from './server'

type Begin = (engine: NativeEngine, control: NativeControl | undefined) => Promise<string>

export interface NativeSettings {
  /** The directory of the store; of one in a database, where its servers keep their keys. */
  directory: string
  /** The URL of the database that has the memories instead. */
  database?: string
  /** The options of the addon's engine, as JSON. */
  engine: string
  embed: NativeEmbed | undefined
  languageModel: Model | undefined
  /** How long calls wait while another process has the directory open. */
  lock: LockWait
}

export class NativeBackend<M extends object> implements Backend<M> {
  readonly #settings: NativeSettings
  readonly #limits = new CallLimits()
  /** What stops each call that learns. */
  readonly #learning = new Set<AbortController>()
  #engine: NativeEngine | undefined
  /** Records that the directory is not open here. */
  #release: (() => void) | undefined

  constructor(settings: NativeSettings) {
    this.#settings = settings
  }

  async ready(): Promise<void> {
    await this.#call((engine) => engine.ready())
  }

  add(request: { memory: requests.PlainObject }): Promise<contract.AddedMemory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.add(text))
  }

  async addMany(request: requests.BatchRequest, control: CallControl) {
    const text = JSON.stringify(request)
    const call = this.#call<ItemBody<contract.AddedMemory<M>>[]>(
      (engine, native) => engine.addMany(text, native),
      control,
    )
    return itemResults(await call)
  }

  get(request: object): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.get(text))
  }

  list(request: requests.ListRequest, control?: CallControl): Promise<contract.MemoryPage<M>> {
    const text = JSON.stringify(request)
    return this.#read((engine, native) => engine.list(text, native), control)
  }

  update(request: requests.UpdateRequest): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.update(text))
  }

  async updateMany(request: requests.BatchRequest, control: CallControl) {
    const text = JSON.stringify(request)
    const call = this.#call<ItemBody<contract.Memory<M>>[]>(
      (engine, native) => engine.updateMany(text, native),
      control,
    )
    return itemResults(await call)
  }

  async applyOperations(request: object, control: CallControl) {
    const text = JSON.stringify(request)
    const call = this.#call<ItemBody<contract.OperatedMemory<M>>[]>(
      (engine, native) => engine.applyOperations(text, native),
      control,
    )
    return itemResults(await call)
  }

  delete(request: object): Promise<contract.DeletedMemory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.delete(text))
  }

  async deleteIds(ids: readonly string[], control: CallControl) {
    return itemResults(await this.#deleteMany<ItemBody<contract.DeletedMemory<M>>[]>({ ids }, control))
  }

  deleteSelected(selection: contract.DeleteSelection, control: CallControl): Promise<contract.DeleteSummary> {
    return this.#deleteMany(selection, control)
  }

  search(request: requests.SearchRequest, control?: CallControl): Promise<contract.MemoryMatch<M>[]> {
    const text = JSON.stringify(request)
    return this.#pass(this.#limits.searches, (engine, native) => engine.search(text, native), control)
  }

  context(request: requests.ContextRequest, control?: CallControl): Promise<contract.ContextBlock<M>> {
    const text = JSON.stringify(request)
    return this.#pass(this.#limits.searches, (engine, native) => engine.context(text, native), control)
  }

  facets(request: requests.FacetsRequest, control?: CallControl): Promise<contract.Facets> {
    const text = JSON.stringify(request)
    return this.#read((engine, native) => engine.facets(text, native), control)
  }

  async touch(request: object) {
    const text = JSON.stringify(request)
    return itemResults(await this.#call<ItemBody<contract.Memory<M>>[]>((engine) => engine.touch(text)))
  }

  reinforce(request: object): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.reinforce(text))
  }

  history(request: object, control?: CallControl): Promise<contract.MemoryVersion<M>[]> {
    const text = JSON.stringify(request)
    return this.#read((engine, native) => engine.history(text, native), control)
  }

  restore(request: object): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.restore(text))
  }

  retire(request: object): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.retire(text))
  }

  feedback(request: object): Promise<contract.Memory<M>> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.feedback(text))
  }

  learn(request: requests.PlainObject, { languageModel, wait }: requests.HowToLearn, control: CallControl) {
    // Nothing would go on with it after this process.
    if (!wait) throw invalid('wait', 'must be true for a directory; open the store by the url of a server')
    const model = languageModelOf(languageModel) ?? this.#settings.languageModel
    if (!model) throw failure('NO_LANGUAGE_MODEL', 'no language model is given; pass languageModel')
    const about = scopeOf(this.#settings.database ?? this.#settings.directory, request)
    refuseWithin(about)
    const text = JSON.stringify(request)
    const stop = new AbortController()
    this.#learning.add(stop)
    const release = onAbort(control.signal, () => stop.abort())
    const call = this.#call<contract.Learning>(
      (engine, native) => engine.learn(text, native, describeModel(model), askWith(model, stop.signal, about)),
      { ...control, signal: stop.signal },
    )
    return call.finally(() => {
      release()
      this.#learning.delete(stop)
    })
  }

  getLearning(request: { id: string }): Promise<contract.Learning> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.learning(text))
  }

  listLearnings(request: requests.PlainObject): Promise<contract.LearningPage> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.listLearnings(text))
  }

  decide(request: requests.PlainObject): Promise<contract.Learning> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.decide(text))
  }

  undoLearning(request: { id: string } & contract.Attribution): Promise<contract.Learning> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.undoLearning(text))
  }

  sources(request: { id: string; version?: number }): Promise<contract.Source[]> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.sources(text))
  }

  listMessages(request: requests.PlainObject): Promise<contract.MessagePage> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.listMessages(text))
  }

  deleteMessages(request: requests.PlainObject): Promise<{ deleted: number }> {
    const text = JSON.stringify(request)
    return this.#call((engine) => engine.deleteMessages(text))
  }

  waypoints(request: object): Promise<contract.Waypoint[]> {
    const text = JSON.stringify(request)
    return this.#read((engine) => engine.waypoints(text))
  }

  watch(request: object, wake: () => void): ChangeSource<M> {
    const watcher = this.#open().watch(JSON.stringify(request), wake)
    let ended = false
    return {
      // Beginning to watch may wait for the directory.
      take: () => this.#explained(read(this.#settings.lock.pass(async () => (ended ? ENDED : watcher.take())))),
      end: () => {
        ended = true
        watcher.end()
      },
    }
  }

  reindex(control: CallControl): Promise<contract.ReindexSummary> {
    return this.#call((engine, native) => engine.reindex('{}', native), control)
  }

  exportTo(request: object, control: CallControl): Promise<contract.ExportSummary> {
    const text = JSON.stringify(request)
    return this.#call((engine, native) => engine.exportTo(text, native), control)
  }

  async importFrom(request: object, control: CallControl): Promise<contract.ImportSummary> {
    const text = JSON.stringify(request)
    return importSummary(await this.#call<ImportBody>((engine, native) => engine.importFrom(text, native), control))
  }

  stats(): Promise<contract.Stats> {
    return this.#read((engine) => engine.stats())
  }

  backup(target: string): Promise<contract.BackupSummary> {
    // Resolved now, so that a later chdir does not move it.
    const directory = resolve(target)
    return this.#call((engine) => engine.backup(directory))
  }

  compact(): Promise<contract.CompactSummary> {
    return this.#call((engine) => engine.compact())
  }

  async flush(): Promise<void> {
    await this.#call((engine) => engine.flush())
  }

  async serve(options: contract.ServeOptions | undefined, reach: Reach): Promise<contract.Server> {
    const { directory, database, lock, languageModel } = this.#settings
    const store = { directory, database, lock, learns: languageModel !== undefined }
    return this.#explained(Server.start(this.#open(), store, reach, options))
  }

  async close(): Promise<void> {
    try {
      // A model may take a minute, and nothing of its answer is applied yet.
      for (const stop of this.#learning) stop.abort()
      this.#limits.release()
      if (this.#engine) await read(this.#engine.close())
    } finally {
      this.#release?.()
    }
  }

  #deleteMany<T>(which: object, control: CallControl): Promise<T> {
    const text = JSON.stringify(which)
    return this.#call((engine, native) => engine.deleteMany(text, native), control)
  }

  #read<T>(begin: Begin, control?: CallControl): Promise<T> {
    return this.#pass(this.#limits.reads, begin, control)
  }

  #call<T>(begin: Begin, control?: CallControl): Promise<T> {
    return this.#pass(this.#limits.others, begin, control)
  }

  /** What a server keeps with the memories, for another store. */
  documents(): Promise<object> {
    return this.#call((engine) => engine.documents())
  }

  /** Adds what is not there yet of the documents of another store. */
  addDocuments(documents: object): Promise<number> {
    const text = JSON.stringify(documents)
    return this.#call((engine) => engine.addDocuments(text))
  }

  /** The tenants of the database. */
  tenants(): Promise<string[]> {
    return this.#call((engine) => (engine as NativeDatabase).tenants())
  }

  /** First the limit, then the directory: a call that waits for the directory holds its permit. */
  async #pass<T>(limiter: Limiter, begin: Begin, control: CallControl | undefined): Promise<T> {
    const engine = this.#open()
    const native = control && nativeControl(control)
    const { lock } = this.#settings
    return this.#explained(read<T>(limiter.run(() => lock.pass(() => begin(engine, native), control?.signal))))
  }

  #open(): NativeEngine {
    this.#engine ??= newEngine(this.#settings)
    if (this.#settings.database === undefined) this.#release ??= holdDirectory(this.#settings.directory)
    return this.#engine
  }

  /** A directory that is LOCKED was not opened here, so the error names the holder if it is known. */
  async #explained<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      if (!(error instanceof OpenMemoryError) || error.code !== 'LOCKED') throw error
      this.#release?.()
      this.#release = undefined
      throw explainLock(error, this.#settings.directory)
    }
  }
}

function newEngine({ engine, database, embed, languageModel: model }: NativeSettings): NativeEngine {
  const { Engine, Database }: Pick<NativeModule, 'Engine'> & Partial<NativeModule> = addon()
  // For a server of this store, which withdraws the requests that its clients no longer wait for.
  const asked: [string?, NativeComplete?] = model ? [describeModel(model), askWith(model)] : []
  if (database === undefined) return new Engine(engine, embed, ...asked)
  if (Database) return new Database(database, engine, embed, ...asked)
  throw failure('UNSUPPORTED', 'this addon was built without PostgreSQL; use one that has it')
}

/** The result of a watcher that has ended. */
const ENDED = JSON.stringify({ ok: { changes: [], ended: true } })

function nativeControl({ signal, onProgress }: CallControl): NativeControl {
  const control = new (addon().Control)(onProgress)
  onAbort(signal, () => control.cancel())
  return control
}

// Which functions does the addon have, and where is it? The addon is found on first use, so importing the package
// never fails; all requests and answers are JSON text.

import { noBinary } from './platform'

/** Answers with `{"ok": value}` or `{"error": {...}}` and does not reject in normal operation. */
type Answer = Promise<string>

export interface NativeEngine {
  ready(): Answer
  add(request: string): Answer
  addMany(request: string, control?: NativeControl): Answer
  get(request: string): Answer
  list(request: string, control?: NativeControl): Answer
  update(request: string): Answer
  updateMany(request: string, control?: NativeControl): Answer
  delete(request: string): Answer
  deleteMany(request: string, control?: NativeControl): Answer
  search(request: string, control?: NativeControl): Answer
  reinforce(request: string): Answer
  history(request: string, control?: NativeControl): Answer
  restore(request: string): Answer
  feedback(request: string): Answer
  waypoints(request: string): Answer
  reindex(request: string, control?: NativeControl): Answer
  exportTo(request: string, control?: NativeControl): Answer
  importFrom(request: string, control?: NativeControl): Answer
  stats(): Answer
  backup(directory: string): Answer
  compact(): Answer
  flush(): Answer
  close(): Answer
}

export interface NativeControl {
  cancel(): void
}

export interface NativeServer {
  start(): Answer
  /** Waiting for it keeps the process alive. */
  ended(): Answer
  close(): Answer
}

/** Somebody's place among the changes. */
export interface NativeWatcher {
  /** `{changes, ended}`; where there are no changes yet, the function given to the constructor is called at the next. */
  take(): Answer
  /** A `take` afterwards begins anew. */
  end(): void
}

/** Gives one flat array of `texts.length * dimensions` values. */
export type NativeEmbed = (texts: string[]) => Promise<Float32Array>

/** The keys of a file. Each call is done at once. */
export interface NativeKeys {
  create(tenant: string, name: string, forMetrics: boolean): string
  list(): string
  revoke(id: string): string
}

interface NativeModule {
  Engine: new (options: string, embed?: NativeEmbed) => NativeEngine
  doctor(path: string, repair: boolean): Answer
  Watcher: new (engine: NativeEngine, request: string, wake: () => void) => NativeWatcher
  Control: new (onProgress?: (done: number, total: number) => void) => NativeControl
  Server: new (engine: NativeEngine, options: string) => NativeServer
  Keys: new (file: string) => NativeKeys
}

/** What every loader that napi generates heeds, whichever package it was set for. This package has its own binary. */
const OVERRIDES = ['NAPI_RS_NATIVE_LIBRARY_PATH', 'NAPI_RS_FORCE_WASI', 'NAPI_RS_WASI_FLAVOR']

let loaded: NativeModule | undefined

export function native(): NativeModule {
  loaded ??= load()
  return loaded
}

function load(): NativeModule {
  const set = OVERRIDES.map((name) => [name, process.env[name]] as const)
  for (const name of OVERRIDES) delete process.env[name]
  try {
    return require('../native.js') as NativeModule
  } catch (cause) {
    throw noBinary(cause)
  } finally {
    for (const [name, value] of set) if (value !== undefined) process.env[name] = value
  }
}

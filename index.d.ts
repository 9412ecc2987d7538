/**
 * The public contract of `@openmemory/sdk`: long-term memory for AI agents inside a Node process.
 *
 * Records use snake_case field names, as they are stored and sent; options that only steer a call are camelCase.
 * Every method returns a promise, and every failure is an {@link OpenMemoryError} with a stable `code`.
 */

// --- Values ---------------------------------------------------------------------------------------------------------

/** What metadata may hold: exactly what JSON can represent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/**
 * The kinds of memory. A memory belongs to one or more, decided by what its text means:
 * `episodic` (what happened), `semantic` (what is true), `procedural` (how something is done),
 * `emotional` (how something feels), `reflective` (what was learnt from it).
 */
export type Sector = 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective'

/** How useful a memory was. */
export type Feedback = 'POSITIVE' | 'NEGATIVE' | 'VERY_NEGATIVE'

/**
 * A time, as input: an ISO 8601 string with an offset (`2026-01-31T12:00:00Z`, `…+02:00`), a date
 * (`2026-01-31`, midnight UTC), or a JavaScript `Date`.
 */
export type TimeInput = string | Date

/** Metadata as input. A property that is `undefined` counts as absent; see {@link MemoryPatch.metadata} for `null`. */
export interface MetadataInput {
  [key: string]: JsonValue | undefined
}

// --- Records --------------------------------------------------------------------------------------------------------

/** A memory as it is now, or as it was in one of its versions. */
export interface Memory {
  /** A TypeID (`mem_` and a UUIDv7), or the id that the caller brought. */
  id: string
  /** The text, byte for byte as it was given. */
  content: string
  /** In the order given, duplicates kept. */
  tags: string[]
  /** Never holds a top-level `null`: that is how a field is removed. */
  metadata: Record<string, JsonValue>
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
  /** ISO 8601, UTC, milliseconds. */
  created_at: string
  /** ISO 8601, UTC, milliseconds. The time of the last accepted update; reads, feedback and reinforcement leave it. */
  updated_at: string
  /** 1 when created; each accepted update or restore adds exactly 1. */
  version: number
  /** Every sector the text belongs to, strongest first. */
  sectors: Sector[]
  /** The first of `sectors`. */
  primary_sector: Sector
  /**
   * How present the memory is, 0 to 1; derived when read, so it fades with time and never adds a version. Being found by
   * a search raises it a little, some seconds later.
   */
  salience: number
  /** An immutable memory refuses updates; it can be deleted. */
  immutable: boolean
  /** From this time on the memory is hidden from list and search. Absent: it never expires. */
  expires_at?: string
  feedback?: Feedback
  feedback_reason?: string
}

/** What {@link OpenMemory.addMemory} has led to. */
export interface AddedMemory extends Memory {
  /** Only where the memory had the text already: see {@link IfExists}. */
  existed?: true
}

/** What {@link OpenMemory.compact} has done: the bytes of all files of the store. */
export interface CompactSummary {
  bytes_before: number
  bytes_after: number
}

/** What {@link OpenMemory.deleteMemory} removed: the memory as it last was, and when it was deleted. */
export interface DeletedMemory extends Memory {
  deleted_at: string
}

/** A search hit. */
export interface MemoryMatch extends Memory {
  /**
   * How probably the memory answers the query, 0 to 1, from its words, vectors, tags, run, salience and feedback. The
   * hits are ordered by it, and it can be compared between queries.
   */
  score: number
  /**
   * The cosine between the query and the best fitting vector of the memory, −1 to 1. Names that many memories of the
   * scope have in common are left out of the query's vector.
   */
  similarity: number
  /**
   * The ids that led from the query to this memory, itself last: `[id]` for a direct hit, `[neighbour, id]` where it owes
   * more to a memory beside it in the same run, such as the question that it answers.
   */
  path: string[]
  /** With `explain: true`: each part of the score by its name. */
  explain?: Record<string, ScorePart>
}

/**
 * A part of a score. With x = Σ `value` · `weight`, the score is 1 / (1 + e^−z), where z is 0.8 x below 0 and 0.15 x above.
 * docs/internals/search.md describes what each measures.
 */
export interface ScorePart {
  value: number
  weight: number
}

/** One page of {@link OpenMemory.listMemories}. */
export interface MemoryPage {
  memories: Memory[]
  /** Pass it as `cursor` for the next page. Absent on the last page. */
  next_cursor?: string
}

/** One field that a version changed. `from` is absent where the field was new, `to` where it was removed. */
export interface Change {
  /** `content`, `tags`, `metadata.<key>`, `expires_at` or `sectors`. */
  field: string
  from?: JsonValue
  to?: JsonValue
}

/** A committed change, as {@link OpenMemory.watch} tells it. */
export interface MemoryChange {
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'DELETE'
  /** The id of the memory. */
  id: string
  /** The version that the change made; for a `DELETE` the last one. */
  version: number
  /** When: the memory's `updated_at`, or when it was deleted. */
  at: string
  /** The memory as the change left it. Absent for a `DELETE`. */
  memory?: Memory
  /** Give it as `since` to go on behind this change. */
  cursor: string
}

/** One version of a memory, with what made it and what it changed. */
export interface MemoryVersion {
  /** The id of the memory. */
  id: string
  version: number
  event: 'ADD' | 'UPDATE' | 'RESTORE'
  /** Who made the change, as given with it. */
  actor?: string
  /** Why, as given with it. */
  reason?: string
  /** For a `RESTORE`: the version that was brought back. */
  restored_from?: number
  content: string
  tags: string[]
  metadata: Record<string, JsonValue>
  sectors: Sector[]
  primary_sector: Sector
  expires_at?: string
  created_at: string
  updated_at: string
  /** Against the version before; empty for `ADD`. */
  changes: Change[]
}

/** A link from one memory to another. */
export interface Waypoint {
  /** The memory at the other end. */
  id: string
  /** The strength of the link, 0 to 1. */
  weight: number
  created_at: string
  updated_at: string
}

/** What {@link OpenMemory.stats} tells about a store. Further fields may be added. */
export interface Stats {
  /** How many memories there are, expired ones included. */
  memories: number
  /** Bytes of all files of the directory. */
  bytes_on_disk: number
  /** Bytes of what is stored, each record counted once, without what the files need around it. */
  live_bytes: number
  /** What was damaged when the store was opened and has been put right in full. Absent: nothing. */
  repaired?: string
  /** Why the last checkpoint could not be written; the store works, and its redo log grows until one can. */
  checkpoint_problem?: string
  [field: string]: JsonValue | undefined
}

// --- Inputs ---------------------------------------------------------------------------------------------------------

/** A memory to add. Only `content` is required. Unknown fields are refused by name. */
export interface NewMemory {
  /** 1 to 200 000 characters (Unicode code points), not only white space. All of it is embedded, long text in passages. */
  content: string
  /** At most 64 tags of 1 to 256 characters. Default `[]`. */
  tags?: readonly string[]
  /** At most 64 KiB of JSON, 32 levels deep. `metadata.sector` pins the sector. A `null` field is dropped. Default `{}`. */
  metadata?: MetadataInput
  /** Default: the `userId` of the {@link OpenMemoryOptions}. */
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
  /** Your own id (imports), 1 to 256 characters. Default: a new TypeID. A UUID stands for the TypeID of the same bits. */
  id?: string
  /** Default false. */
  immutable?: boolean
  /** Default: never. */
  expires_at?: TimeInput
  /** Default: now. */
  created_at?: TimeInput
  /** Default: that of the call's options, else `'add'`. */
  ifExists?: IfExists
}

/**
 * What becomes of a text that a memory of the same user, agent, app and run has already, however its characters are composed
 * and whatever white space is around it. `'add'`: it is added all the same. `'skip'`: the memory that is there is the
 * answer. `'touch'`: it also gets the tags that it has not, the metadata (merged as an update does) and the expiry, as one
 * update; where that brings nothing new, there is no new version.
 */
export type IfExists = 'add' | 'skip' | 'touch'

/** What an update changes; at least one field. What is absent stays. Unknown fields are refused by name. */
export interface MemoryPatch {
  /** The new text, embedded again unless it equals the stored text. Never `null` or empty. */
  content?: string
  /** Replaces the whole array; `[]` removes all. Never `null`. */
  tags?: readonly string[]
  /**
   * Merged field by field: new fields are added, existing ones overwritten whole (a nested object is one value),
   * `null` removes the field, the others stay.
   */
  metadata?: MetadataInput
  /** `null` clears it. */
  expires_at?: TimeInput | null
}

/** One item of {@link OpenMemory.updateMemories}: a patch and what it applies to. */
export interface MemoryUpdate extends MemoryPatch {
  id: string
  /** Apply only when the memory is at this version. */
  ifVersion?: number
}

// --- Filters --------------------------------------------------------------------------------------------------------

/** The operators of one field. Several in one object must all hold. */
export interface Operators<T> {
  eq?: T | null
  /** Also true for a field that is absent. */
  ne?: T | null
  in?: readonly T[]
  /** Also true for a field that is absent. */
  nin?: readonly T[]
  gt?: T
  gte?: T
  lt?: T
  lte?: T
  /** Text: contains this substring. Lists: contains this element. */
  contains?: string | number | boolean
  /** As `contains`, ignoring case. */
  icontains?: string
  /** `true`: the field has a value. `false`: it has none. */
  exists?: boolean
}

/** A value to equal, `'*'` for any value but null, or {@link Operators}. */
export type Condition<T> = T | '*' | Operators<T>

/**
 * Which memories: for list, search, watch and delete. Sibling keys must all hold; `AND`, `OR` and `NOT` nest.
 * An unknown field or operator is refused by name.
 *
 * Limits, beyond which a filter is refused with `LIMIT_EXCEEDED`: 1000 parts, nesting 32, 1000 values in a list, 100
 * times `contains` or `icontains` of a text, 64 KiB for a path, and 256 KiB for all paths and values.
 *
 * ```ts
 * { user_id: 'alice', 'metadata.year': { gte: 2024 }, NOT: { tags: { contains: 'draft' } } }
 * ```
 */
export interface Filters {
  AND?: readonly Filters[]
  OR?: readonly Filters[]
  /** None of these holds. */
  NOT?: Filters | readonly Filters[]
  user_id?: Condition<string>
  agent_id?: Condition<string>
  app_id?: Condition<string>
  run_id?: Condition<string>
  /** A bare value or `contains`: one of the tags. `in`: any of them. */
  tags?: Condition<string>
  /** A bare value or `contains`: one of the sectors. `in`: any of them. */
  sectors?: Condition<Sector>
  primary_sector?: Condition<Sector>
  created_at?: Condition<TimeInput>
  updated_at?: Condition<TimeInput>
  expires_at?: Condition<TimeInput>
  version?: Condition<number>
  immutable?: Condition<boolean>
  /** Only these ids. */
  memory_ids?: readonly string[] | Operators<string>
  /** Words of the content: `contains` keeps to the case, `icontains` does not. */
  keywords?: Condition<string>
  /**
   * A path into metadata: `'metadata.category'`, `'metadata.address.city'`. A dot descends into an object; where that
   * leads nowhere, it is part of a key.
   */
  [path: `metadata.${string}`]: JsonValue | Operators<JsonValue>
}

// --- Options --------------------------------------------------------------------------------------------------------

/** Another ONNX sentence embedding model, run inside the process. */
export interface ModelEmbedder {
  /** The `.onnx` file. */
  model: string
  /** The `tokenizer.json` file. */
  tokenizer: string
  /** How token vectors become one. Default `'mean'`. */
  pooling?: 'mean' | 'cls'
  /** Put before every query, as some models want. Default `''`. */
  queryPrefix?: string
  /** Put before every stored passage. Default `''`. */
  passagePrefix?: string
}

/** An embedding function of yours, for example one that calls OpenAI. */
export interface FunctionEmbedder {
  /** Names the model. It is stored: opening the store with another id is `MODEL_MISMATCH` until `reindex()` has run. */
  id: string
  /** The length of every vector, 1 to 65 536. */
  dimensions: number
  /**
   * One vector per text, in order; they need not be normalised. It is called for new and changed contents and for
   * queries, never for a metadata-only update; with 1 to 256 texts, up to 16 calls at once. The vectors of the last 128
   * questions are kept. Before the first text of a store it is called with 60 example sentences, by which texts are told
   * apart by sector, also where `metadata.sector` pins it. Their vectors are kept in the store, so this happens once, and
   * again when `reindex()` changes to another `id`. {@link OpenMemory.ready} calls it with one word.
   *
   * A rejection, a wrong count or length, or a value that is not finite fails the call with `EMBEDDING_FAILED` (with your
   * error as its `cause`) and changes nothing. So does a call of this function that has no answer after `timeoutMs`, or
   * after two minutes where that option is not set.
   */
  embed(texts: string[]): PromiseLike<ArrayLike<number>[]> | ArrayLike<number>[]
}

/** How {@link OpenMemory} opens a store. All optional; unknown options are refused by name. */
export interface OpenMemoryOptions {
  /**
   * The directory of the store, made on first use. Default: the environment variable `OPENMEMORY_PATH`, else
   * `./.openmemory`. One process at a time may have it open, and in it one copy of this package; another gets `LOCKED`, or
   * waits (`lockWaitMs`).
   */
  path?: string
  /**
   * The address of a server, as `npx -y @openmemory/sdk serve` or {@link OpenMemory.serve} prints it, instead of a directory.
   * Default: the environment variable `OPENMEMORY_URL`, where no `path` is given. Excludes `path`, `durability`,
   * `allowNonEmpty`, `lockWaitMs` and `embedder`, which are the server's. Every method works as with a directory, but that
   * {@link OpenMemory.backup} takes a name. A batch with `onProgress` is sent in parts of 100; one that is `atomic` goes whole and tells its end only.
   *
   * Failures that can pass (no connection, `RATE_LIMITED`, 502 to 504) are tried again, three times at most, with
   * growing pauses. A write carries an `Idempotency-Key`, so that the server does it once.
   *
   * An answer that is not OpenMemory's is `UNAVAILABLE`. What a proxy refuses has the proxy's status in `details.status`:
   * 401 and 407 are `UNAUTHORIZED`, 403 `FORBIDDEN`, 413 `LIMIT_EXCEEDED`; a redirect is `UNAVAILABLE`, and `details`
   * have its `location`.
   */
  url?: string
  /** The key for `url` (`OPENMEMORY_API_KEY`). Without `url` it has no effect. */
  apiKey?: string
  /**
   * The default scope: the `user_id` of memories added without one, and a filter on `user_id` in list, search and
   * delete by filter where the caller's own filters do not mention `user_id`. Calls that name an id are not scoped.
   */
  userId?: string
  /**
   * When a write is acknowledged. `'flush'` (default): when it survives `kill -9` and power loss. `'interval'`: at
   * once; up to the last half second of acknowledged writes can be lost.
   */
  durability?: 'flush' | 'interval'
  /**
   * Whether a new store may be created in a directory that already holds other files. Default: false, and the first
   * call rejects with `INVALID_ARGUMENT`. Hidden files do not count, and an existing store always opens.
   */
  allowNonEmpty?: boolean
  /**
   * Milliseconds for which a call waits while another process has the directory open, before it rejects with `LOCKED`: a
   * whole number from 0 to 2 147 483 647. Default 0: it does not wait. It is meant for processes that take turns and close
   * soon; one that keeps the directory open is reached through {@link OpenMemory.serve}. The event loop goes on meanwhile.
   * A `signal`, `close()` and `timeoutMs` end the wait.
   */
  lockWaitMs?: number
  /**
   * Milliseconds after which a call rejects with `TIMEOUT`. Default: no limit in a directory; with `url` 300 000 for each
   * request, and for `exportTo`, `importFrom`, `reindex` and `backup` an hour without a byte. A list, search or history
   * that timed out stops. A write that timed out may still be applied: read the memory, or use `ifVersion`, before you try
   * again.
   */
  timeoutMs?: number
  /**
   * What turns text into vectors. Default: the model that the package ships (all-MiniLM-L6-v2, 384 dimensions), run
   * inside the process; where the package is not on disk, the environment variable `OPENMEMORY_MODEL_DIR` names the
   * directory of its files. `'test'`: a fast, deterministic stand-in for tests that knows words, not meaning.
   */
  embedder?: 'test' | ModelEmbedder | FunctionEmbedder
}

/** Which state of the memory to read. Give one or neither; neither is the current one. */
export interface GetOptions {
  /** The state of this version. */
  version?: number
  /** The state at this time. `NOT_FOUND` when the memory did not exist yet. */
  at?: TimeInput
}

/** Options of {@link OpenMemory.iterateMemories}. */
export interface IterateOptions {
  filters?: Filters
  /** How many memories are read at a time, 1 to 1000. Default 100. */
  limit?: number
  /** Default `'created_at:desc'`. */
  order?: 'created_at:desc' | 'created_at:asc' | 'updated_at:desc' | 'updated_at:asc'
  /** Also memories whose `expires_at` has passed. Default false. */
  showExpired?: boolean
}

/** Options of {@link OpenMemory.listMemories}. */
export interface ListOptions extends IterateOptions {
  /** `next_cursor` of the page before, with the same filters and order. */
  cursor?: string
}

/** Who changes a memory and why; both are kept in the history. */
export interface Attribution {
  actor?: string
  reason?: string
}

/** Options of {@link OpenMemory.updateMemory}. */
export interface UpdateOptions extends Attribution {
  /** Apply only when the memory is at this version, else {@link VersionConflictError}. */
  ifVersion?: number
}

/** Options of {@link OpenMemory.restoreMemory}. */
export interface RestoreOptions extends UpdateOptions {}

/** Options of calls that can take long. */
export interface LongCallOptions {
  /**
   * Called as work proceeds, with how much of it is done. An error that it throws, or that its promise rejects with, does
   * not stop the work: the call rejects with it when the work has settled. The call waits for the promises that it returns.
   */
  onProgress?: (done: number, total: number) => void
  /** Ends the call with `ABORTED`; the signal's reason is the `cause`. What was committed before stays. */
  signal?: AbortSignal
}

/** Options of batches. */
export interface BatchOptions extends LongCallOptions {
  /**
   * All or nothing. When an item is refused, nothing is written: the refused items carry their error, and each other
   * item an `ABORTED` one. Default false: the good items are done.
   */
  atomic?: boolean
}

/** Options of {@link OpenMemory.addMemory}. */
export interface AddOptions {
  /** For memories that do not say it themselves. Default `'add'`. */
  ifExists?: IfExists
}

/** Options of {@link OpenMemory.addMemories}. */
export interface AddManyOptions extends BatchOptions, AddOptions {}

/** Options of {@link OpenMemory.exportTo}. */
export interface ExportOptions extends LongCallOptions {
  /** Only these memories, expired ones too. Default: all, and the ids of deleted ones. */
  filters?: Filters
}

/** Options of {@link OpenMemory.importFrom}. */
export interface ImportOptions extends LongCallOptions {
  /**
   * What to do with a memory whose id the store has already with another history. `'report'` (default): keep the
   * store's, list the file's in `errors`, go on. `'skip'`: keep the store's. `'replace'`: delete the store's and take
   * the file's, in one step. A memory that is the same, version by version, is always passed over.
   */
  onConflict?: 'report' | 'skip' | 'replace'
}

/** Options of {@link OpenMemory.updateMemories}. */
export interface UpdateManyOptions extends BatchOptions, Attribution {}

/** Options of {@link OpenMemory.searchMemories}. */
export interface SearchOptions {
  /** At most this many hits, 1 to 1000. Default 8. */
  k?: number
  filters?: Filters
  /** Only memories of these sectors, compared by these sectors' vectors. Default: all. */
  sectors?: readonly Sector[]
  /**
   * Only hits with at least this `score`, 0 to 1. Default 0. Use 0.1 to show what may help, 0.5 to act on it, 0.6 only if
   * sure.
   */
  minScore?: number
  /** Gives each hit its `explain`: what its score is made of. Default false. */
  explain?: boolean
  /** Also memories whose `expires_at` has passed. Default false. */
  showExpired?: boolean
}

/** Options of {@link OpenMemory.watch}. */
export interface WatchOptions {
  /** Only changes of memories that match as the change leaves them, or as they were when they were deleted. */
  filters?: Filters
  /**
   * Begin behind this change, given by its `cursor`, or at a time. Default: now. See {@link OpenMemory.watch} for what is
   * told of the past.
   */
  since?: TimeInput
  /** Ends the iteration, without an error. */
  signal?: AbortSignal
}

/** Options of {@link OpenMemory.getHistory}. */
export interface HistoryOptions {
  /** 1 to 1000. Default 100. */
  limit?: number
  /** Only versions below this number. */
  before?: number
}

/** Options of {@link OpenMemory.reinforceMemory}. */
export interface ReinforceOptions {
  /** How much salience is added, above 0 and at most 1. Default 0.1. */
  boost?: number
}

/** Options of {@link OpenMemory.sendFeedback}. */
export interface FeedbackOptions {
  /** Kept beside the feedback as `feedback_reason`. */
  reason?: string
}

/** What {@link OpenMemory.deleteMemories} deletes by condition. An empty filter never means all: that is `{ all: true }`. */
export type DeleteSelection = { filters: Filters; all?: never } | { all: true; filters?: never }

/** Options of {@link OpenMemory.serve}. */
export interface ServeOptions {
  /** 0 to 65 535; 0 for any that is free. Default 8080. */
  port?: number
  /** The address to listen on. Default `'127.0.0.1'`. Any but this machine's own needs keys. */
  host?: string
  /**
   * `KEY` or `TENANT=KEY`: each tenant has memories of its own, and the tenant `default` those of this directory. Default:
   * the environment variable `OPENMEMORY_API_KEYS`, separated by commas. A key has 16 to 256 visible ASCII characters and is
   * given once; others are refused with `INVALID_ARGUMENT`.
   */
  apiKeys?: readonly string[]
  /**
   * May read `/metrics` and nothing else; 16 to 256 visible ASCII characters. Default: the environment variable
   * `OPENMEMORY_METRICS_KEY`.
   */
  metricsKey?: string
  /** The keys made by `openmemory keys create`. Default `keys.json` in the directory. */
  keyFile?: string
  /**
   * Where backups go that are asked for over HTTP: each in a directory of its name, below one for its tenant. Default:
   * none, and they are refused with `FORBIDDEN`.
   */
  backupDir?: string
  /**
   * Requests that a key may make at once, earned back evenly over so many seconds; more are `RATE_LIMITED`. Default: no
   * limit.
   */
  rateLimit?: { requests: number; seconds: number }
  /** Milliseconds after which a request is answered with `TIMEOUT`, at least 1000. Default 300 000. */
  timeoutMs?: number
  /** Writes a line of JSON to standard error for each request. Default false. */
  log?: boolean
}

// --- Results --------------------------------------------------------------------------------------------------------

/** The outcome of one item of a batch, at the item's place. */
export type ItemResult<M = Memory> = { ok: true; memory: M } | { ok: false; id?: string; error: OpenMemoryError }

/** What a delete by condition removed. */
export interface DeleteSummary {
  deleted: number
  ids: string[]
}

/** What {@link OpenMemory.exportTo} wrote. */
export interface ExportSummary {
  memories: number
  /** Versions of these memories, the newest ones included. */
  versions: number
  /** Ids of deleted memories; none with `filters`. */
  tombstones: number
  bytes: number
}

/** What {@link OpenMemory.importFrom} did with the memories of the file. */
export interface ImportSummary {
  imported: number
  /** Those that took the place of others (`onConflict: 'replace'`). */
  replaced: number
  /** Those that the store has already, or keeps (`onConflict: 'skip'`). */
  skipped: number
  /** Ids that are known as deleted from now on. */
  tombstones: number
  /** Those that were refused. */
  failed: number
  /** Why, for the first 1000 of them: `VERSION_CONFLICT` or `EMBEDDING_FAILED`, with the line in the file. */
  errors: { line: number; id: string; error: OpenMemoryError }[]
}

/** What {@link OpenMemory.reindex} did. */
export interface ReindexSummary {
  /** How many memories were embedded anew. */
  reindexed: number
  model: { id: string; dimensions: number }
}

/** What {@link OpenMemory.backup} wrote. */
export interface BackupSummary {
  memories: number
  bytes: number
}

/** Options of {@link doctor}. */
export interface DoctorOptions {
  /** Also mend what is wrong. Default false: only look. */
  repair?: boolean
  /** Milliseconds to wait while another process has the store open, as for {@link OpenMemoryOptions}. Default 0. */
  lockWaitMs?: number
}

/** What {@link doctor} found. */
export interface Diagnosis {
  /** Nothing is wrong. */
  healthy: boolean
  /** Everything acknowledged is there: where `healthy` is false, opening the store (or a repair) puts it right in full. */
  complete: boolean
  memories: number
  versions: number
  /** How many records were checked. */
  rows: number
  /** What is wrong, with the memory that it concerns where one is known. */
  problems: { id?: string; problem: string }[]
  /** Of a repair that had something to do. */
  repair?: {
    /** Memories in the store now. */
    memories: number
    /** Where the damaged files are kept. Absent: nothing had to be left out. */
    kept?: string
    /**
     * What could not be saved: a version of a memory, or all of it. `id` is absent where it cannot be read. `commits`: so
     * many acknowledged changes are missing, and the memories that they changed cannot be told.
     */
    lost: { id?: string; version?: number; commits?: number }[]
    /** True where memories have lost their vectors: searches are `MODEL_MISMATCH` until `reindex()` has made them anew. */
    needs_reindex?: boolean
  }
}

/** A server that listens. It keeps the process alive until it is closed. */
export interface Server {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string
  readonly port: number
  /** Answers what was asked, syncs, and ends. Idempotent; {@link OpenMemory.close} does it too. */
  close(): Promise<void>
  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

// --- The store ------------------------------------------------------------------------------------------------------

/**
 * A store of memories in one directory. Making one is instant: the directory is opened on first use and the model
 * loaded when the first text needs it. Objects of one process that name one directory share it; a second process gets
 * `LOCKED`.
 *
 * Every method rejects with `CLOSED` after {@link close}, `TIMEOUT` after `timeoutMs`, and `INVALID_ARGUMENT` for an
 * unknown option or an argument that it does not take; a missing or empty id is `MISSING_ID`, an unknown or deleted one
 * `NOT_FOUND`.
 *
 * ```ts
 * const om = new OpenMemory({ path: './agent-memory' })
 * const { id } = await om.addMemory({ content: 'Ada prefers tea', user_id: 'ada' })
 * await om.updateMemory(id, { content: 'Ada prefers coffee now', metadata: { verified: true } })
 * const [best] = await om.searchMemories('What does Ada drink?', { filters: { user_id: 'ada' } })
 * await om.close()
 * ```
 */
export class OpenMemory {
  /** @throws {ValidationError} `INVALID_ARGUMENT`, at once, when an option is unknown or wrong. */
  constructor(options?: OpenMemoryOptions)

  /**
   * Stores a text. It is embedded and committed before the promise resolves.
   *
   * ```ts
   * const { existed } = await om.addMemory({ content: 'Ada prefers tea', user_id: 'ada' }, { ifExists: 'skip' })
   * ```
   *
   * Rejects with `INVALID_ARGUMENT` (`field` says where), `LIMIT_EXCEEDED`, `EMBEDDING_FAILED`, `MODEL_MISMATCH`.
   */
  addMemory(memory: NewMemory, options?: AddOptions): Promise<AddedMemory>

  /**
   * Stores 1 to 1000 texts, embedded together and committed in few transactions.
   *
   * Each item has its own result, in order, so one bad item does not stop the others (see `atomic`); a hole of the array
   * is a bad item. The call itself
   * rejects with `LIMIT_EXCEEDED` for more than 1000 items, `INVALID_ARGUMENT` for none, and `ABORTED`.
   */
  addMemories(memories: readonly NewMemory[], options?: AddManyOptions): Promise<ItemResult<AddedMemory>[]>

  /** The memory as it is now, or an earlier state of it. Expired memories answer too. */
  getMemory(id: string, options?: GetOptions): Promise<Memory>

  /** One page of memories, newest first. */
  listMemories(options?: ListOptions): Promise<MemoryPage>

  /**
   * All memories that fit, read page by page.
   *
   * ```ts
   * for await (const memory of om.iterateMemories({ filters: { tags: 'todo' } })) console.log(memory.content)
   * ```
   */
  iterateMemories(options?: IterateOptions): AsyncIterableIterator<Memory>

  /**
   * Changes a memory and resolves to what it is now. One update is one atom: everybody sees all of it or none, and
   * concurrent updates of different fields all survive. The version rises by exactly 1, and the state before stays
   * readable (`getMemory(id, { version })`).
   *
   * ```ts
   * await om.updateMemory(id, { metadata: { status: 'done', draft: null } }, { ifVersion: 3, actor: 'importer' })
   * ```
   *
   * Rejects with `INVALID_ARGUMENT` (an empty patch, an unknown or wrong field), `LIMIT_EXCEEDED`, `NOT_FOUND`,
   * `VERSION_CONFLICT`, `IMMUTABLE`, `EMBEDDING_FAILED`, `MODEL_MISMATCH`; nothing has changed then.
   */
  updateMemory(id: string, patch: MemoryPatch, options?: UpdateOptions): Promise<Memory>

  /**
   * Applies 1 to 1000 patches, embedded together and committed in few transactions. Items that name one id apply in
   * order. Results and rejections as for {@link addMemories}.
   *
   * ```ts
   * const results = await om.updateMemories([
   *   { id: a, metadata: { verified: true } },
   *   { id: b, content: 'Likes to travel', ifVersion: 2 },
   * ])
   * for (const result of results) if (!result.ok) console.error(result.id, result.error.code)
   * ```
   */
  updateMemories(updates: readonly MemoryUpdate[], options?: UpdateManyOptions): Promise<ItemResult[]>

  /**
   * Removes a memory for good: content, vectors, links and history. Only its id, its last version, the time, `actor` and
   * `reason` remain, so that `NOT_FOUND` can tell a deleted id (`details.deleted`) from an unknown one. What is left of it
   * in files goes when they are written anew; {@link compact} does that now.
   *
   * Rejects with `NOT_FOUND`, and with `VERSION_CONFLICT` where the memory is not at `ifVersion`.
   */
  deleteMemory(id: string, options?: UpdateOptions): Promise<DeletedMemory>

  /** Deletes 1 to 1000 memories by id, with a result for each, in order. */
  deleteMemories(ids: readonly string[], options?: LongCallOptions): Promise<ItemResult<DeletedMemory>[]>

  /** Deletes what fits the filters, or all memories (all of `userId`, where that option is set). */
  deleteMemories(selection: DeleteSelection, options?: LongCallOptions): Promise<DeleteSummary>

  /**
   * The memories whose meaning is nearest to the query, best first.
   *
   * @param query 1 to 8 192 characters.
   */
  searchMemories(query: string, options?: SearchOptions): Promise<MemoryMatch[]>

  /** Makes a memory more salient. Its version and `updated_at` stay. */
  reinforceMemory(id: string, options?: ReinforceOptions): Promise<Memory>

  /** The versions of a memory, newest first, the current one included. */
  getHistory(id: string, options?: HistoryOptions): Promise<MemoryVersion[]>

  /**
   * Brings back the content, tags, metadata, sectors and expiry of an earlier version, as a new version: nothing is
   * rewritten, and nothing is embedded again. `NOT_FOUND` when there is no such version.
   */
  restoreMemory(id: string, version: number, options?: RestoreOptions): Promise<Memory>

  /** Says how useful a memory was; `null` takes it back. Its version and `updated_at` stay. */
  sendFeedback(id: string, feedback: Feedback | null, options?: FeedbackOptions): Promise<Memory>

  /**
   * The changes that are committed from now on, in order: memories added, updated, restored and deleted. Reinforcement,
   * feedback and expiry are no changes. Ends when this object is closed, by `signal`, or by leaving the loop; waiting
   * does not keep the process alive.
   *
   * ```ts
   * for await (const { event, id, memory } of om.watch({ filters: { tags: 'todo' } })) console.log(event, id, memory?.content)
   * ```
   *
   * With `since` it begins behind an earlier change. As long as somebody watches, the last 16 384 changes (64 MiB of text)
   * are kept, and one that is among them is gone on from exactly. Otherwise what the store still knows is told: the newest
   * state of each memory that has changed, and the ids of all that were deleted, whatever the filters. Changes of up to a
   * minute before the cursor can be told again: go by `version`. A watcher that falls further behind than what is kept
   * gets `UNAVAILABLE`, and can watch again with the last `cursor`.
   *
   * With `url` a lost connection is made again behind the last change that came, for a minute, or for `timeoutMs`; then
   * it is `UNAVAILABLE`. Waiting keeps the process alive there, until the watch ends; embedded it does not, since changes
   * come from the process itself.
   */
  watch(options?: WatchOptions): AsyncIterableIterator<MemoryChange>

  /** The memory's links to others, strongest first. They grow stronger as the two are found together. */
  getWaypoints(id: string): Promise<Waypoint[]>

  /**
   * Embeds everything anew with the model of this object, which is what `MODEL_MISMATCH` asks for. Interrupted (by
   * `signal`, a crash or an error), it goes on where it stopped when called again.
   */
  reindex(options?: LongCallOptions): Promise<ReindexSummary>

  /**
   * Writes a copy of the store into a new directory, while others go on reading and writing. It holds at least what was
   * acknowledged before the call, is read back and compared before it gets its name, and is a store itself: open it with
   * `new OpenMemory({ path: dir })`, or put it in the place of a damaged one.
   *
   * Against a server, `dir` is a name of `a` to `z`, `0` to `9`, `-` and `_`: the copy is made on the server's machine,
   * in the directory that it was started with for backups ({@link ServeOptions.backupDir}). Without one the server
   * answers `FORBIDDEN`. To have everything on this machine, use {@link exportTo}.
   *
   * @param dir A directory that is empty or not there yet; otherwise `INVALID_ARGUMENT`.
   */
  backup(dir: string): Promise<BackupSummary>

  /**
   * Writes memories with their whole history to a file of JSON lines, which holds everything but the vectors; see
   * docs/reference/export-format.md. A store that nobody writes to gives the same bytes each time, also after {@link importFrom}
   * into an empty one. Others may write meanwhile: each memory is exported as it is when its turn comes.
   *
   * The file appears, or takes the place of an older one, when it is whole and on disk; it is readable by its owner
   * only. A symbolic link stays one: the file that it names is written. A pipe or a device is written into, also once the
   * export is whole, by way of a file in the directory for temporary files; a pipe waits until somebody reads it. Where the `userId` option is set, only that user's memories are exported, unless `filters` say otherwise.
   *
   * ```ts
   * await om.exportTo('memories.jsonl', { onProgress: (done, total) => console.log(`${done} of ${total}`) })
   * ```
   *
   * Against a server the file is one of this machine, as with {@link importFrom}.
   *
   * Rejects with `INVALID_ARGUMENT` (`file`, `filters`), `IO`, `ABORTED`; there is no new file then.
   */
  exportTo(file: string, options?: ExportOptions): Promise<ExportSummary>

  /**
   * Adds the memories of a file that {@link exportTo} wrote, with their ids, versions and times, and embeds their
   * texts with the model of this object. Ids that the file names as deleted are known as such from then on; nothing is
   * deleted.
   *
   * The file is checked whole before anything is imported: `INVALID_ARGUMENT` or `LIMIT_EXCEEDED` name the `field` and
   * `details.line` of a bad line, `CORRUPTED` says that the end is missing or the checksum is another, and
   * `FORMAT_UNSUPPORTED` that another version wrote it. Each memory is imported whole or not at all, and one that is
   * refused is listed in `errors` while the others go on. Interrupted (by `signal`, a crash or an error), it goes on
   * where it stopped when called again: nothing is doubled, nothing missed.
   *
   * The file may be a pipe, which is read to its end into a file in the directory for temporary files first.
   *
   * Rejects with these, `IO`, `MODEL_MISMATCH`, `ABORTED`, and with `EMBEDDING_FAILED` where no text of a group of 64
   * could be embedded.
   */
  importFrom(file: string, options?: ImportOptions): Promise<ImportSummary>

  stats(): Promise<Stats>

  /**
   * Opens this directory to other processes and languages, over HTTP, while this object goes on using it.
   *
   * ```ts
   * const server = await om.serve({ port: 8080 })
   * const remote = new OpenMemory({ url: server.url })
   * ```
   *
   * Rejects with `INVALID_ARGUMENT` for a `host` that others can reach without keys or for keys that cannot be used,
   * `UNAVAILABLE` for a port in use, `IO` or `CORRUPTED` for a key file that cannot be read.
   */
  serve(options?: ServeOptions): Promise<Server>

  /**
   * Makes the first calls quick: opens the store, fills the index and loads the model (0.3 s). Without it the first
   * call that needs one of them waits for it. Rejects with `MODEL_UNAVAILABLE` where the model cannot be loaded; calls
   * that need no model still work.
   */
  ready(): Promise<void>

  /**
   * Writes the store's files anew, so that none holds a text that was deleted. Reads and writes go on meanwhile; a list,
   * search or export that is under way keeps the files that it reads, which then go when the store is next opened.
   *
   * ```ts
   * await om.deleteMemories({ filters: { user_id: 'ada' } })
   * await om.compact()
   * ```
   */
  compact(): Promise<CompactSummary>

  /** Resolves when everything acknowledged so far is on disk. Only `durability: 'interval'` needs it. */
  flush(): Promise<void>

  /**
   * Settles what is in flight, writes it to disk and lets go of the directory. Idempotent. Calls made afterwards
   * reject with `CLOSED`, and so do calls that an `embed` function or a server has not answered after five seconds.
   */
  close(): Promise<void>

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Looks at every file, record and index of a store that is not open, without changing it. With `repair` it mends what it
 * finds: from the checkpoint and the redo log where that restores everything, else by putting all memories that are whole
 * into a fresh store; the damaged files are kept in a folder beside it, and what is lost is listed.
 *
 * ```ts
 * const { healthy, problems } = await doctor('./agent-memory')
 * if (!healthy) console.log(problems, (await doctor('./agent-memory', { repair: true })).repair)
 * ```
 *
 * Rejects with `LOCKED` while the store is open, in this process too; `INVALID_ARGUMENT` where there is none;
 * `FORMAT_UNSUPPORTED` for a store of another version; and `CORRUPTED` where nothing can be saved.
 */
export function doctor(path: string, options?: DoctorOptions): Promise<Diagnosis>

// --- Errors ---------------------------------------------------------------------------------------------------------

/** What went wrong. Codes never change; messages may. */
export type ErrorCode =
  | 'MISSING_ID'
  | 'INVALID_ARGUMENT'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'VERSION_CONFLICT'
  | 'IMMUTABLE'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED'
  | 'CLOSED'
  | 'LOCKED'
  | 'ABORTED'
  | 'TIMEOUT'
  | 'UNAVAILABLE'
  | 'IO'
  | 'CORRUPTED'
  | 'FORMAT_UNSUPPORTED'
  | 'MODEL_UNAVAILABLE'
  | 'MODEL_MISMATCH'
  | 'EMBEDDING_FAILED'
  | 'INTERNAL'

/** What an {@link OpenMemoryError} is made of besides its message. */
export interface ErrorProperties {
  /** Default: whether the code can pass by itself (`LOCKED`, `RATE_LIMITED`, `TIMEOUT`, `UNAVAILABLE`). */
  retryable?: boolean
  details?: Record<string, JsonValue>
  cause?: unknown
}

/** Every failure of this package. Its stack begins at the line that called the method. */
export class OpenMemoryError extends Error {
  constructor(code: ErrorCode, message: string, properties?: ErrorProperties)
  readonly code: ErrorCode
  /** The HTTP status of the same failure. */
  readonly status: number
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Facts about the failure, by code: `{ field }`, `{ id, deleted, deleted_at, version }`, `{ id, version, expected }`, … */
  readonly details: Record<string, JsonValue>
  readonly cause?: unknown
}

/** `MISSING_ID`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`: the arguments are wrong, and nothing has changed. */
export class ValidationError extends OpenMemoryError {
  /** What is wrong, as a path: `content`, `tags[2]`, `metadata.a.b`, `embedder.dimensions`. Also in `details.field`. */
  readonly field: string | undefined
}

/** `UNAUTHORIZED` or `FORBIDDEN`. */
export class AuthenticationError extends OpenMemoryError {}

/** `NOT_FOUND`. For a deleted memory `details` are `{ id, deleted: true, deleted_at, version }`. */
export class NotFoundError extends OpenMemoryError {}

/** `VERSION_CONFLICT`: the memory is not at the version that `ifVersion` named. */
export class VersionConflictError extends OpenMemoryError {
  /** The current version. */
  readonly version: number
}

/** `IMMUTABLE`: delete the memory and add it again instead. */
export class ImmutableMemoryError extends OpenMemoryError {}

/** `RATE_LIMITED`. */
export class RateLimitError extends OpenMemoryError {}

/**
 * The public contract of `@openmemory/sdk`: long-term memory for AI agents, inside a Node process or on a server.
 *
 * Letter case follows one rule: data is snake_case, as it is stored and sent (the fields of records, results and error
 * details); everything that steers a call is camelCase (methods, options, and `ifExists` or `ifVersion` on an item).
 *
 * Every method returns a promise or an async iterator, and every failure is an {@link OpenMemoryError} with a stable `code`.
 *
 * In the examples below, `om` is an open {@link OpenMemory} and `id` is the id of the memory "Ada drinks tea" in it.
 */

// --- Values ---------------------------------------------------------------------------------------------------------

/** What metadata may hold: exactly what JSON can represent. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** Metadata of any shape. {@link OpenMemory} takes a type of your own instead. */
export type Metadata = Record<string, JsonValue>

/**
 * The kinds of memory. A memory belongs to one or more, depending on what its text means:
 * `episodic` (what happened), `semantic` (what is true), `procedural` (how something is done),
 * `emotional` (how something feels), `reflective` (what was learned from it).
 */
export type Sector = 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective'

/** How useful a memory was. */
export type Feedback = 'POSITIVE' | 'NEGATIVE' | 'VERY_NEGATIVE'

/**
 * A time, as input: an ISO 8601 string with an offset (`2026-01-31T12:00:00Z`, `…+02:00`), a date
 * (`2026-01-31`, midnight UTC), or a JavaScript `Date`.
 */
export type TimeInput = string | Date

/**
 * A date, as input, as exactly as it is known: a year (`2024`), a month (`2024-05`), a day (`2024-05-17`), an ISO 8601 string
 * with an offset, or a JavaScript `Date`. Years, months and days are those of UTC, and are kept as they were given.
 */
export type DateInput = string | Date

/** Why a memory is no longer current: it was true and is not any longer, or it never was. */
export type Retired = 'ended' | 'wrong'

/** Metadata of a new memory. Optional fields that are `undefined` or `null` are left out. */
export type MetadataInput<M extends object = Metadata> = {
  [K in keyof M]: Record<never, never> extends Pick<M, K> ? M[K] | null | undefined : M[K]
}

/** Changes to metadata: a value sets the field, `null` removes it, and an absent or `undefined` field is left as it is. */
export type MetadataPatch<M extends object = Metadata> = { [K in keyof M]?: M[K] | null | undefined }

// --- Records --------------------------------------------------------------------------------------------------------

/** A memory as it is now, or as it was in one of its versions. */
export interface Memory<M extends object = Metadata> {
  /** A TypeID (`mem_` and a UUIDv7), or the id that the caller supplied. */
  id: string
  /** The text, byte for byte as it was given. */
  content: string
  /** In the order given, duplicates kept. */
  tags: string[]
  /** Never holds a top-level `null`, because `null` removes a field. */
  metadata: M
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
  /** ISO 8601, UTC, milliseconds. */
  created_at: string
  /** ISO 8601, UTC, milliseconds. The time of the last update; reads, feedback and reinforcement do not change it. */
  updated_at: string
  /** 1 when created; each update or restore adds exactly 1. */
  version: number
  /** Every sector the text belongs to, strongest first. */
  sectors: Sector[]
  /** The first of `sectors`. */
  primary_sector: Sector
  /**
   * How present the memory is, 0 to 1. It is computed on read, fades with time, and never adds a version. A search that
   * returns the memory raises it slightly a few seconds later.
   */
  salience: number
  /** An immutable memory refuses updates but can be deleted. */
  immutable: boolean
  /** List and search hide the memory from this time on. Absent: it never expires. */
  expires_at?: string
  /** Since when it is true, or when it happened, as it was given. Absent: unknown. */
  valid_from?: string
  /** Until when it is true: a time, or the end of a year, month or day. Absent: it still is. */
  valid_to?: string
  /** Present after {@link OpenMemory.retireMemory}. */
  retired?: Retired
  feedback?: Feedback
  feedback_reason?: string
}

/** What {@link OpenMemory.addMemory} returns. */
export interface AddedMemory<M extends object = Metadata> extends Memory<M> {
  /** Present only if the text or the id was already stored; see {@link IfExists} and {@link AddOptions.onConflict}. */
  existed?: true
}

/** What {@link OpenMemory.applyOperations} did with a memory, and the memory afterwards; for a `DELETE`, as it last was. */
export interface OperatedMemory<M extends object = Metadata> extends Memory<M> {
  /** `NONE`: an `add` with `ifExists` has found the text, and changed nothing. */
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'RETIRE' | 'DELETE' | 'NONE'
  /** For a `DELETE`. */
  deleted_at?: string
  /** After a `merge`: the memories that this one replaces, each with the version that retired it. */
  merged?: { id: string; version: number }[]
}

/** What {@link OpenMemory.compact} did: the size of all files of the store. */
export interface CompactSummary {
  bytes_before: number
  bytes_after: number
}

/** What {@link OpenMemory.deleteMemory} removed: the last state of the memory, and when it was deleted. */
export interface DeletedMemory<M extends object = Metadata> extends Memory<M> {
  deleted_at: string
}

/** A search hit. */
export interface MemoryMatch<M extends object = Metadata> extends Memory<M> {
  /**
   * The probability that the memory answers the query, 0 to 1, computed from words, vectors, tags, run, salience and
   * feedback. Hits are ordered by it, and scores of different queries are comparable.
   */
  score: number
  /**
   * The cosine between the query and the closest vector of the memory, −1 to 1. Names that many memories of the
   * scope share are left out of the query's vector.
   */
  similarity: number
  /**
   * The ids that lead from the query to this memory, which is the last one: `[id]` for a direct hit, `[neighbor, id]` if
   * most of the score comes from an adjacent memory of the same run, such as the question that this memory answers.
   */
  path: string[]
  /**
   * With `explain: true`: each part of the score, by name. `approximate`, of weight 0, says that only candidates were compared:
   * see {@link DatabaseOptions.approximateAbove}.
   */
  explain?: Record<string, ScorePart>
  /**
   * With `at`, `asOf` or `includeHistory`: whether this is the newest version of the memory. If it is not, the hit has the
   * fields of the version, `until` and `now`.
   */
  current?: boolean
  /** Until when this version was true, if it is not the newest one. Absent: it still is, or was when `asOf` ended. */
  until?: string
  /** The newest version, if this is another one. */
  now?: { version: number; content: string }
  /** With `history`: the texts that were true before this one, newest first. */
  before?: EarlierText[]
}

/** What {@link OpenMemory.context} returns. */
export interface ContextBlock<M extends object = Metadata> {
  /** The block, for a prompt. Empty if no memory fits. */
  text: string
  /** The memories in it, in the order of their lines. */
  memories: ContextMemory<M>[]
  /** Tokens of `text`, as they were counted. */
  tokens: number
  /** Memories that were found and did not fit. */
  omitted: number
}

/** A memory of a {@link ContextBlock}. */
export interface ContextMemory<M extends object = Metadata> extends MemoryMatch<M> {
  /** Its line. */
  line: string
  /** The line without the texts that were true before, if it tells any. */
  short_line?: string
}

/** A text that another one has replaced, and when it was true. */
export interface EarlierText {
  content: string
  version: number
  /** As it was given. Absent: unknown. */
  valid_from?: string
  /** The first moment at which it was not true any longer. */
  until?: string
  /** When the store was told that it is not true any longer, and why. */
  replaced_at: string
  reason?: string
}

/**
 * A part of a score. With x = Σ `value` · `weight`, the score is 1 / (1 + e^−z), where z is x below 0 and 0.055 x above.
 * docs/internals/search.md describes what each part measures.
 */
export interface ScorePart {
  value: number
  weight: number
}

/** One page of {@link OpenMemory.listMemories}. */
export interface MemoryPage<M extends object = Metadata> {
  memories: Memory<M>[]
  /** Pass it as `cursor` to get the next page. Absent on the last page. */
  next_cursor?: string
}

/** One field that a version changed. `from` is absent if the field is new, `to` if it was removed. */
export interface Change {
  /** `content`, `tags`, `metadata.<key>`, `expires_at`, `valid_from`, `valid_to`, `retired` or `sectors`. */
  field: string
  from?: JsonValue
  to?: JsonValue
}

/** A committed change, as {@link OpenMemory.watch} emits it. */
export interface MemoryChange<M extends object = Metadata> {
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'RETIRE' | 'DELETE'
  /** The id of the memory. */
  id: string
  /** The version that the change created; for a `DELETE` the last one. */
  version: number
  /** The memory's `updated_at`, or the time of deletion. */
  at: string
  /** The memory after the change. Absent for a `DELETE`. */
  memory?: Memory<M>
  /** Pass it as `since` to continue after this change. */
  cursor: string
}

/** One version of a memory, with what created it and what it changed. */
export interface MemoryVersion<M extends object = Metadata> {
  /** The id of the memory. */
  id: string
  version: number
  event: 'ADD' | 'UPDATE' | 'RESTORE' | 'RETIRE'
  /** Who made the change, as given with the call. */
  actor?: string
  /** Why, as given with the call. */
  reason?: string
  /** For a `RESTORE`: the version that was restored. */
  restored_from?: number
  content: string
  tags: string[]
  metadata: M
  sectors: Sector[]
  primary_sector: Sector
  expires_at?: string
  valid_from?: string
  valid_to?: string
  retired?: Retired
  created_at: string
  updated_at: string
  /** Compared with the previous version; empty for `ADD`. */
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

/** What {@link OpenMemory.stats} reports about a store. Later versions may add fields. */
export interface Stats {
  /** Number of memories, including expired ones. */
  memories: number
  /** Size of all files in the directory, in bytes. */
  bytes_on_disk: number
  /** Logical size: total bytes of all records, excluding file overhead. */
  live_bytes: number
  /** Users whose memories are loaded for search; all memories without a user count as one. */
  users: number
  /** Vectors that are loaded. */
  vectors: number
  /** Memory that the loaded users of this store take, in bytes. */
  index_bytes: number
  /** Memory that loaded users of all stores of the process may take, in bytes: see {@link EmbeddedOptions.indexMemory}. */
  index_memory: number
  /** Damage that was found and fully repaired when the store was opened. Absent: none. */
  repaired?: string
  /** Why the last checkpoint failed. The store keeps working, and its redo log grows until a checkpoint succeeds. */
  checkpoint_problem?: string
  [field: string]: JsonValue | undefined
}

// --- Inputs ---------------------------------------------------------------------------------------------------------

/** A memory to add. Only `content` is required. Unknown fields are rejected by name. */
export interface NewMemory<M extends object = Metadata> {
  /**
   * The text: 1 to 200,000 characters (Unicode code points), not only whitespace. All of it is embedded; long text in
   * passages.
   *
   * Several texts, as an array, are kept as one with a form feed (`'\f'`) between them, and each has a vector of its own, so
   * that a query is compared with each. A text with form feeds is read the same way.
   *
   * `null`: a memory without text, which is listed and found by filters, and by a query only if it is given a `vector`; its
   * `content` reads `''`. It needs tags or metadata.
   */
  content: string | readonly string[] | null
  /** At most 64 tags of 1 to 256 characters. Default `[]`. */
  tags?: readonly string[]
  /** At most 1 MiB of JSON, 32 levels deep. `metadata.sector` pins the sector. Default `{}`. */
  metadata?: MetadataInput<M>
  /** Default: the `userId` of the {@link OpenMemoryOptions}. */
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
  /** An id of your own, 1 to 256 characters. Default: a new TypeID. A UUID is stored as the TypeID with the same bits. */
  id?: string
  /** Default false. */
  immutable?: boolean
  /** Default: never. */
  expires_at?: TimeInput
  /** Default: now. */
  created_at?: TimeInput
  /** Since when it is true, or when it happened. Default: unknown. */
  valid_from?: DateInput
  /** Until when it is true: a time, or the end of a year, month or day. Default: it still is. */
  valid_to?: DateInput
  /**
   * The vector of the text by the model of the store, whose dimensions it must have: the text is not embedded. For several
   * texts, one vector of all of them or an array with one for each. `reindex()` and an import embed the text all the same,
   * because only the text is exported.
   */
  vector?: VectorInput | readonly VectorInput[]
  /**
   * `false`: the text is not embedded. It is found by its words and by filters, and not by its meaning, until `reindex()`, an
   * import or another text. Default true.
   */
  embed?: boolean
  /** Overrides `ifExists` of the call. */
  ifExists?: IfExists
  /** Overrides `onConflict` of the call. */
  onConflict?: OnConflict
}

/** The numbers of a vector. Its length does not matter, only its direction. */
export type VectorInput = readonly number[] | Float32Array | Float64Array

/**
 * What to do if the `id` of a new memory is taken by a memory of the same user, agent, app and run; another scope's memory is
 * never touched, and such an item is always refused.
 *
 * - `'report'`: refuse it with {@link VersionConflictError}.
 * - `'skip'`: return the existing memory.
 * - `'replace'`: give the existing memory a version with the content, tags, metadata and expiry of the new one: what the
 *   new one lacks is gone. `created_at` stays, and `valid_from` and `valid_to` behave as in an update.
 */
export type OnConflict = 'report' | 'skip' | 'replace'

/**
 * What to do if a memory with the same user, agent, app and run already has this text. The comparison ignores Unicode
 * composition and surrounding whitespace.
 *
 * - `'add'`: add it anyway.
 * - `'skip'`: return the existing memory.
 * - `'touch'`: return the existing memory after one update that adds missing tags, merges the metadata and sets the
 *   expiry. If nothing changes, no version is created.
 */
export type IfExists = 'add' | 'skip' | 'touch'

/** What an update changes; at least one field. Absent fields keep their value. Unknown fields are rejected by name. */
export interface MemoryPatch<M extends object = Metadata> {
  /** The new text, or several texts. It is embedded again unless it equals the stored text. Never `null` or empty. */
  content?: string | readonly string[]
  /** Replaces the whole array; `[]` removes all tags. Never `null`. */
  tags?: readonly string[]
  /**
   * Merged field by field: new fields are added, existing fields are replaced (a nested object counts as one value),
   * `null` removes a field, and all other fields keep their value.
   */
  metadata?: MetadataPatch<M>
  /** `null` clears it. */
  expires_at?: TimeInput | null
  /**
   * Since when it is true. Default for a new text: the time of the update; otherwise it stays. The version before is true
   * until then. Only a `correction` may move it back.
   */
  valid_from?: DateInput | null
  /** Until when it is true. `null` clears it, and so does a new text that is no `correction`. */
  valid_to?: DateInput | null
}

/** One item of {@link OpenMemory.updateMemories}: a patch and the memory it applies to. */
export interface MemoryUpdate<M extends object = Metadata> extends MemoryPatch<M> {
  id: string
  /** Apply the patch only if the memory is at this version. */
  ifVersion?: number
  /** As in {@link CorrectionOptions}. */
  correction?: boolean
}

/** Memories of one user that say the same become one: `id` stays, those in `from` are retired as `ended`. */
export interface MemoryMerge<M extends object = Metadata> {
  id: string
  from: readonly { id: string; ifVersion?: number }[]
  /** What the memory says then. Default: what it says. */
  content?: string | readonly string[]
  /** Default: the tags of all of them. */
  tags?: readonly string[]
  /** Merged into the metadata of the memory that stays; `null` removes a field. */
  metadata?: MemoryPatch<M>['metadata']
  ifVersion?: number
}

/** One change of {@link OpenMemory.applyOperations}: exactly one of these fields. */
export type Operation<M extends object = Metadata> =
  | { add: NewMemory<M> }
  | { update: MemoryUpdate<M> }
  | { retire: { id: string; why?: Retired; valid_to?: DateInput; ifVersion?: number } }
  | { merge: MemoryMerge<M> }
  | { restore: { id: string; version: number; ifVersion?: number } }
  | { delete: { id: string; ifVersion?: number } }

// --- Filters --------------------------------------------------------------------------------------------------------

/** The operators of one field. If there are several, all must match. */
export interface Operators<T> {
  eq?: T | null
  /** Also matches an absent field. */
  ne?: T | null
  in?: readonly T[]
  /** Also matches an absent field. */
  nin?: readonly T[]
  gt?: T
  gte?: T
  lt?: T
  lte?: T
  /** Text: contains this substring. Lists: contain this element. */
  contains?: string | number | boolean
  /** Like `contains`, ignoring case. */
  icontains?: string
  /** Text: begins with this one. Lists: an element does. For scopes, tags and metadata. */
  startsWith?: string
  /** `true`: the field has a value. `false`: it has none. */
  exists?: boolean
}

/** A value to equal, `'*'` for any value but null, or {@link Operators}. */
export type Condition<T> = T | '*' | Operators<T>

/**
 * Selects memories in list, search, watch, export and delete. All keys of one object must match; `AND`, `OR` and `NOT` nest.
 * Unknown fields and operators are rejected by name.
 *
 * A filter is rejected with `LIMIT_EXCEEDED` above 1000 conditions, 32 levels, 1000 values in a list, 100 uses of
 * `contains` or `icontains` with text, 64 KiB for one path, or 256 KiB for all paths and values.
 *
 * ```ts
 * { user_id: 'alice', 'metadata.year': { gte: 2024 }, NOT: { tags: { contains: 'draft' } } }
 * ```
 */
export interface Filters {
  AND?: readonly Filters[]
  OR?: readonly Filters[]
  /** None of these may match. */
  NOT?: Filters | readonly Filters[]
  user_id?: Condition<string>
  agent_id?: Condition<string>
  app_id?: Condition<string>
  run_id?: Condition<string>
  /** A plain value or `contains`: one of the tags. `in`: any of them. */
  tags?: Condition<string>
  /** A plain value or `contains`: one of the sectors. `in`: any of them. */
  sectors?: Condition<Sector>
  primary_sector?: Condition<Sector>
  created_at?: Condition<TimeInput>
  updated_at?: Condition<TimeInput>
  expires_at?: Condition<TimeInput>
  /** Compared by its first moment. */
  valid_from?: Condition<DateInput>
  /** Compared by the first moment after it. */
  valid_to?: Condition<DateInput>
  retired?: Condition<Retired>
  version?: Condition<number>
  immutable?: Condition<boolean>
  /** Only these ids. */
  memory_ids?: readonly string[] | Operators<string>
  /** Words of the content: `contains` is case-sensitive, `icontains` is not. */
  keywords?: Condition<string>
  /**
   * A path into metadata: `'metadata.category'`, `'metadata.address.city'`. A dot descends into an object; if there is no
   * such object, the dot is part of the key.
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
  /** How token vectors are combined into one. Default `'mean'`. */
  pooling?: 'mean' | 'cls'
  /** Text that the model expects before every query. Default `''`. */
  queryPrefix?: string
  /** Text that the model expects before every stored passage. Default `''`. */
  passagePrefix?: string
}

/** An embedding function of your own, for example one that calls OpenAI. */
export interface FunctionEmbedder {
  /** Names the model. It is stored: with another id, calls reject with `MODEL_MISMATCH` until `reindex()` has run. */
  id: string
  /** The length of every vector, 1 to 65,536. */
  dimensions: number
  /**
   * Returns one vector per text, in order; they need not be normalized. It is called with 1 to 256 texts, up to 16 calls
   * at once: for new and changed contents and for queries, never for an update of metadata alone. The vectors of the last
   * 128 queries are cached. Before the first text of a store, also one that brings its vectors, the function is called once
   * with 60 example sentences, which define the sectors and the scale of scores; the store keeps their vectors until
   * `reindex()` changes to another `id`.
   * {@link OpenMemory.ready} calls it with one word.
   *
   * If it rejects, returns a wrong number or length of vectors or a value that is not finite, or does not answer within
   * `timeoutMs` (two minutes if that option is not set), the call rejects with `EMBEDDING_FAILED`, with your error as its
   * `cause`, and nothing changes.
   */
  embed(texts: string[]): PromiseLike<ArrayLike<number>[]> | ArrayLike<number>[]
  /**
   * The same for queries, for models that embed queries in another way than what queries should find (`input_type`,
   * `task_type`, prefixes). Default: `embed`.
   */
  embedQuery?(texts: string[]): PromiseLike<ArrayLike<number>[]> | ArrayLike<number>[]
}

/** Options of {@link OpenMemory} for a directory and for a server. */
export interface CommonOptions {
  /**
   * The default scope: the `user_id` of memories that are added without one, and a filter on `user_id` in list, search,
   * watch, export and delete by filter, unless the filters of the call mention `user_id`. Calls that name an id are not
   * scoped.
   */
  userId?: string
  /**
   * Milliseconds after which a call rejects with `TIMEOUT`. Default: no limit for a directory; for a server 300,000 per
   * request, and for `exportTo`, `importFrom`, `reindex`, `compact` and `backup` one hour without a byte. A list, search or
   * history that times out is stopped. A write that times out may still be applied: read the memory, or use `ifVersion`,
   * before you retry it.
   */
  timeoutMs?: number
  /**
   * The key for the server that `url` or the environment variable `OPENMEMORY_URL` names. Default: the environment variable
   * `OPENMEMORY_API_KEY`. Ignored if a directory is opened.
   */
  apiKey?: string
}

/** Options of {@link OpenMemory} for a store in a directory of this machine. */
export interface EmbeddedOptions extends CommonOptions {
  /**
   * The directory of the store, created on first use. Default: the environment variable `OPENMEMORY_PATH`, or
   * `./.openmemory`. One process at a time can have it open, with one copy of this package; another gets `LOCKED`, or
   * waits (`lockWaitMs`).
   */
  path?: string
  /**
   * When a write is acknowledged. `'flush'` (default): after it survives `kill -9` and power loss. `'interval'`:
   * immediately; a power cut can lose the last half second of acknowledged writes.
   */
  durability?: 'flush' | 'interval'
  /**
   * Whether a new store may be created in a directory that holds other files. Default false: the first call rejects with
   * `INVALID_ARGUMENT`. Hidden files do not count, and an existing store always opens.
   */
  allowNonEmpty?: boolean
  /**
   * Milliseconds that a call waits while another process has the directory open, before it rejects with `LOCKED`: an
   * integer from 0 to 2,147,483,647. Default 0: it does not wait. Intended for short-lived processes that use a store one
   * after another; if a process keeps the directory open, use {@link OpenMemory.serve} there. The wait does not block the
   * event loop, and a `signal`, `close()` or `timeoutMs` ends it.
   */
  lockWaitMs?: number
  /**
   * Bytes that memories loaded for search may take, in all stores of the process together: an integer from 0 on. Default:
   * a quarter of the memory of the machine or container. A user's memories are loaded at the first search or new text of
   * that user; beyond this many bytes, those of the users that have been idle for longest are unloaded. Results do not
   * depend on it. The option of the store that was created last counts.
   */
  indexMemory?: number
  /**
   * What turns text into vectors. Default: the model that ships with the package (all-MiniLM-L6-v2, 384 dimensions), run
   * inside the process. If the package is bundled into one file, the environment variable `OPENMEMORY_MODEL_DIR` names the
   * directory of the model's files. `'multilingual'`: multilingual-e5-small, which reads about a hundred languages, from
   * the package `@openmemory/model-multilingual`; where that is installed, it is the default of new stores. `'test'`: a
   * fast, deterministic substitute for tests that knows words but not meaning.
   */
  embedder?: 'multilingual' | 'test' | ModelEmbedder | FunctionEmbedder
  /**
   * What {@link OpenMemory.learn} asks, also for the clients of {@link OpenMemory.serve}. Default: none, and then `learn`
   * rejects with `NO_LANGUAGE_MODEL`. Nothing else asks it.
   */
  languageModel?: LanguageModelEndpoint | FunctionLanguageModel
  store?: undefined
  tenant?: undefined
  poolSize?: undefined
  approximateAbove?: undefined
  url?: undefined
}

/**
 * Options of {@link OpenMemory} for a store in a PostgreSQL database, which this process reaches without a server. Several
 * processes and machines can have it open at once, and see each other's writes with the next call. Experimental: the guide
 * says what such a store does not have, which is refused with `UNSUPPORTED`.
 */
export interface DatabaseOptions extends CommonOptions {
  /**
   * The URL of the database, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. The first call connects, and creates the tables if
   * there are none. Without `tenant` the memories are those of the tenant `default`, which a server with the same `store` serves
   * to callers without a key.
   */
  store: string
  /** Whose memories these are: the tenant of a key of a server with the same `store`. Default `'default'`. */
  tenant?: string
  /**
   * Connections to the database at most, 1 to 1000. Default 16. A call that gets none within 5 seconds rejects with
   * `UNAVAILABLE`.
   */
  poolSize?: number
  /**
   * Searches of more memories than this compare candidates only, which the extension pgvector proposes: it makes searches
   * without a user possible among more than 200,000 memories, and those of users who have more than this process should hold.
   * From 1 on. Default: never; then searches are exact, and without a user are refused above 200,000 memories. The guide says
   * what it costs: the database keeps an index of all vectors.
   */
  approximateAbove?: number
  /** As {@link EmbeddedOptions.indexMemory}. */
  indexMemory?: number
  /** As {@link EmbeddedOptions.embedder}. All that have the database open must have the same one. */
  embedder?: 'multilingual' | 'test' | ModelEmbedder | FunctionEmbedder
  /** As {@link EmbeddedOptions.languageModel}. */
  languageModel?: LanguageModelEndpoint | FunctionLanguageModel
  path?: undefined
  durability?: undefined
  allowNonEmpty?: undefined
  lockWaitMs?: undefined
  url?: undefined
}

/** A language model behind an OpenAI-compatible API, asked through the host's `fetch`. */
export interface LanguageModelEndpoint {
  /** The base of the API, such as `https://api.openai.com/v1` or `http://localhost:11434/v1`. */
  url: string
  /** The name of the model, which is kept with every change that it proposes. */
  model: string
  /** Sent as `Authorization: Bearer`. Never stored, logged, exported or repeated in an error. */
  apiKey?: string
  /** Further headers, such as `api-key`. */
  headers?: Record<string, string>
  /**
   * How JSON is asked for. Default `'auto'`: by schema; if the server refuses that, as an object; otherwise in words. What a
   * server took is remembered.
   */
  structured?: 'auto' | 'json_schema' | 'json_object' | 'text'
  /** Tokens that one request may hold, its answer included. Default 16,000. A longer conversation takes several requests. */
  contextTokens?: number
  /** Tokens of an answer. Default 2000. */
  maxOutputTokens?: number
  /** Default 0; `null` sends none, which some models need. */
  temperature?: number | null
  /** Further fields of the request, such as `reasoning_effort`. */
  body?: Record<string, JsonValue>
  /** Milliseconds for one request. Default 60,000. */
  timeoutMs?: number
  /** How often a request is repeated that failed for a reason that can pass. Default 3. `Retry-After` is obeyed. */
  retries?: number
  /** Concurrent requests. Default 4. */
  concurrency?: number
}

/** A language model behind a function of yours. */
export interface FunctionLanguageModel {
  /** Names the model. It is kept with every change that it proposes. */
  id: string
  /** Tokens that one request may hold, its answer included. Default 16,000. */
  contextTokens?: number
  /** Tokens of an answer. Default 2000. */
  maxOutputTokens?: number
  /** Answers one request with JSON of the schema, as text. If it throws, the call that learns fails. */
  complete(request: {
    /** Instructions, which are the same for all requests. */
    system: string
    /** All data, as one JSON object. */
    user: string
    /** JSON Schema of the answer. */
    schema: object
    maxOutputTokens: number
    signal: AbortSignal
  }): PromiseLike<LanguageModelAnswer | string> | LanguageModelAnswer | string
}

export interface LanguageModelAnswer {
  text: string
  inputTokens?: number
  outputTokens?: number
  /** `'length'` if the text is cut: a cut answer is never applied. */
  finish?: 'stop' | 'length' | 'refused'
}

/** One turn of a conversation. */
export interface Message {
  /** Default `'user'`. */
  role?: 'user' | 'assistant' | 'system' | 'tool'
  /** 1 to 200,000 characters. */
  content: string
  /** Who speaks, in a conversation of several people. */
  name?: string
  /** When it was said: what "yesterday" in it refers to. Default: `at` of the call. */
  at?: TimeInput
  /**
   * Your own id, or the `message_id` of a kept message; the same id again is the same message. Without one, equal text, role
   * and time make it the same.
   */
  id?: string
}

export interface ScopeFields {
  user_id?: string
  agent_id?: string
  app_id?: string
  run_id?: string
}

/** Options of {@link OpenMemory.learn}. */
export interface LearnOptions extends ScopeFields, LongCallOptions, Attribution {
  /** Of the memories that are added. */
  tags?: readonly string[]
  /** Of the memories that are added. */
  metadata?: Record<string, JsonValue>
  /** Of the memories that are added. */
  expires_at?: TimeInput
  /** Of the memories that are added. */
  immutable?: boolean
  /** When messages without a time were said. Default: now. */
  at?: TimeInput
  /** IANA name, told to the model. Default `'UTC'`. */
  timezone?: string
  /** What matters to your application, at most 4000 characters. The rules of the prompt stay. */
  instructions?: string
  /** Whose words may become memories. Default `['user']`. */
  from?: readonly ('user' | 'assistant' | 'tool')[]
  /** Which operations the model may propose. Default: all. */
  allow?: { add?: boolean; update?: boolean; retire?: boolean; merge?: boolean }
  /**
   * `'apply'` (default): what passes the checks is applied. `'review'`: additions are applied, and changes of what is there
   * wait for {@link OpenMemory.decide}. `'propose'`: everything waits. `'dry'`: nothing is kept, not even the messages.
   */
  mode?: 'apply' | 'review' | 'propose' | 'dry'
  /**
   * `'log'` (default): the messages are kept and cited, and not searched. `'memories'`: each is also a memory of its run.
   * `'none'` or `false`: only the words that a memory rests on are kept.
   */
  keepMessages?: 'log' | 'memories' | 'none' | false
  /**
   * Default `true`: keys, tokens and card numbers are replaced by `[redacted:…]` before anything is kept or sent. A list of
   * regular expressions is replaced as well.
   */
  redact?: boolean | readonly RegExp[]
  /** Which memories of the scope may be changed. Default: all. */
  filters?: Filters
  /**
   * A closed list of which the model chooses for each memory that it adds: names, or what each means as well. They become tags.
   * At most 100. Default: it chooses none.
   */
  categories?: readonly (string | { name: string; about?: string })[]
  /** Operations that one call applies, 1 to 1000. Default 64. */
  maxOperations?: number
  /**
   * Only for a store on a server, for which `false` means: answer once the messages are kept, with a learning that is
   * `'pending'`, and learn from them afterwards, also if the server is killed in between. {@link OpenMemory.getLearning} with
   * its `id` has the outcome. Default `true`: answer when it is done.
   */
  wait?: boolean
  /** For this call, instead of the store's. Not for a store on a server. */
  languageModel?: LanguageModelEndpoint | FunctionLanguageModel
}

/** Options of {@link OpenMemory.consolidate}. */
export interface ConsolidateOptions
  extends ScopeFields,
    Pick<
      LearnOptions,
      'filters' | 'instructions' | 'maxOperations' | 'wait' | 'languageModel' | 'signal' | 'actor' | 'reason'
    > {
  /** Ids of the memories to look at, with those that are similar. Default: the newest `limit` ones of the scope. */
  memories?: readonly string[]
  /** What is wrong with `memories`, in somebody's words. */
  feedback?: string
  /** How many memories are looked at without `memories`, 1 to 1000. Default 200. */
  limit?: number
  /** As for {@link OpenMemory.learn}. Default `'review'`: changes wait for {@link OpenMemory.decide}. */
  mode?: 'apply' | 'review' | 'propose' | 'dry'
}

/** Options of {@link OpenMemory.relearn}. */
export interface RelearnOptions
  extends Pick<
    LearnOptions,
    | 'timezone'
    | 'instructions'
    | 'from'
    | 'allow'
    | 'filters'
    | 'maxOperations'
    | 'languageModel'
    | 'signal'
    | 'actor'
    | 'reason'
  > {
  /** As for {@link OpenMemory.learn}. Default `'review'`: old words do not change what is known now without a person. */
  mode?: 'apply' | 'review' | 'propose' | 'dry'
}

/** What a language model proposed, after its numbers were read as ids. */
export type ProposedOperation =
  | { op: 'add'; content: string; tags?: string[]; valid_from?: string; valid_to?: string }
  | {
      op: 'update'
      id: string
      ifVersion: number
      content: string
      change: 'new_state' | 'correction' | 'detail'
      valid_from?: string
      valid_to?: string
    }
  | { op: 'retire'; id: string; ifVersion: number; why: Retired; valid_to?: string }
  | { op: 'merge'; id: string; ifVersion: number; content: string; from: { id: string; ifVersion: number }[] }
  | { op: 'keep'; id: string; ifVersion: number }

/** A proposed operation, and what became of it. */
export interface LearnedOperation {
  /** Absent if the answer named nothing that was shown, and after its memory was deleted. */
  operation?: ProposedOperation
  /** The words that it rests on, with the ids of their messages. */
  quotes: { message: string; text: string }[]
  reason: string
  /** The text that it replaces. */
  before?: string
  state: 'applied' | 'waiting' | 'refused' | 'discarded' | 'undone'
  /** The memory that it has made, changed or confirmed. */
  id?: string
  /** The version that it has made or confirmed. */
  version?: number
  /**
   * Why it was refused. `UNSUPPORTED`: the quote is not in the message, or a figure comes from nowhere. `UNKNOWN_MEMORY`: a
   * number that was not shown. `REJECTED_BEFORE`: retired as wrong since. `DUPLICATE`: another operation says it.
   * `NOT_ALLOWED`: by `allow`, `filters` or `maxOperations`. `VERSION_CONFLICT`: changed while the model was asked.
   */
  error?: { code: RefusalCode; message: string; field?: string }
}

export type RefusalCode =
  | 'UNSUPPORTED'
  | 'UNKNOWN_MEMORY'
  | 'REJECTED_BEFORE'
  | 'IMMUTABLE'
  | 'VERSION_CONFLICT'
  | 'DUPLICATE'
  | 'NOT_ALLOWED'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'

/** What one call learnt. */
export interface Learning extends ScopeFields {
  /** `lrn_…` */
  id: string
  /** `'pending'`: a server has answered a call with `wait: false`, and has not learnt from the messages yet. */
  status: 'pending' | 'done' | 'waiting' | 'nothing' | 'failed' | 'undone'
  operations: LearnedOperation[]
  /** Ids of the messages, `msg_…`. */
  messages: string[]
  /** Requests, tokens as far as the model's server counts them, and milliseconds. */
  usage: { calls: number; inputTokens?: number; outputTokens?: number; ms: number }
  model: string
  /** The prompt by name and hash. */
  prompt: string
  created_at: string
  /** Present if the status is `'failed'`. */
  error?: { code: string; why: string; message: string }
}

export interface LearningPage {
  learnings: Learning[]
  /** Absent on the last page. */
  next_cursor?: string
}

/** Options of {@link OpenMemory.listLearnings}. */
export interface ListLearningsOptions extends ScopeFields {
  status?: Exclude<Learning['status'], 'pending'>
  /** 1 to 1000. Default 100. */
  limit?: number
  /** `next_cursor` of the page before. */
  cursor?: string
}

export type Decision = 'apply' | 'discard'

/** A message that the store keeps, without secrets. */
export interface KeptMessage extends ScopeFields {
  /** `msg_…` */
  message_id: string
  role: 'user' | 'assistant' | 'system' | 'tool'
  content: string
  name?: string
  at: string
  /** Your own id. */
  id?: string
  /** With which instructions, prompt and model it was learnt from, as hashes. */
  seen?: string[]
}

export interface MessagePage {
  messages: KeptMessage[]
  /** Absent on the last page. */
  next_cursor?: string
}

/** Options of {@link OpenMemory.listMessages}. */
export interface ListMessagesOptions extends ScopeFields {
  /** 1 to 1000. Default 100. */
  limit?: number
  /** `next_cursor` of the page before. */
  cursor?: string
}

/** The words that a version of a memory rests on. */
export interface Source {
  memory: string
  version: number
  /** Id of the learning. */
  learning: string
  /** Id of the message. */
  message: string
  quote: string
  /** The message. Absent if messages were not kept, or were deleted. */
  text?: KeptMessage
}

/** Options of {@link OpenMemory} for a store on a server. The options of {@link EmbeddedOptions} are set on the server. */
export interface RemoteOptions extends CommonOptions {
  /**
   * The address of a server, as printed by `npx -y @openmemory/sdk serve` or returned by {@link OpenMemory.serve}. Default:
   * the environment variable `OPENMEMORY_URL`, unless `path` or `store` is given. All methods work as with a directory, except that
   * `serve` is rejected and {@link OpenMemory.backup} takes a name. A batch with `onProgress` is sent in parts of 100; a
   * batch that is `atomic` is sent whole and reports progress only at its end.
   *
   * Transient failures (no connection, `RATE_LIMITED`, 502 to 504) are retried up to three times with growing pauses. A
   * write carries an `Idempotency-Key`, so that the server applies it once.
   *
   * A response that does not come from OpenMemory is `UNAVAILABLE`. If a proxy refuses a request, `details.status` holds its
   * status: 401 and 407 are `UNAUTHORIZED`, 403 is `FORBIDDEN`, 413 is `LIMIT_EXCEEDED`; a redirect is `UNAVAILABLE`, with
   * its target in `details.location`.
   */
  url: string
  path?: undefined
  durability?: undefined
  allowNonEmpty?: undefined
  lockWaitMs?: undefined
  indexMemory?: undefined
  embedder?: undefined
  languageModel?: undefined
  store?: undefined
  tenant?: undefined
  poolSize?: undefined
  approximateAbove?: undefined
}

/** Which store {@link OpenMemory} opens, and how. Unknown options are rejected by name. */
export type OpenMemoryOptions = EmbeddedOptions | DatabaseOptions | RemoteOptions

/**
 * At which time a store is read. The two may be combined: what was true at `at`, as far as the store had been told by `asOf`.
 * Deleted memories are gone at every time.
 */
export interface PointInTime {
  /**
   * What was true at this time: the version whose interval, from its `valid_from` to its `valid_to` or to the `valid_from` of
   * the version that replaced it, holds it. A year, month or day means its first moment.
   */
  at?: DateInput
  /** What the store said at this time, without what it was told later. */
  asOf?: DateInput
}

/** Which state of the memory to read: a version, a point in time, or neither for the current one. */
export interface GetOptions extends PointInTime {
  /** The state of this version. Not with `at` or `asOf`, which are `NOT_FOUND` if the memory has no version there. */
  version?: number
}

/** Options of {@link OpenMemory.iterateMemories}. */
export interface IterateOptions extends PointInTime, Abortable {
  filters?: Filters
  /** Memories read per request, 1 to 1000. Default 100. */
  limit?: number
  /** Default `'created_at:desc'`. */
  order?: 'created_at:desc' | 'created_at:asc' | 'updated_at:desc' | 'updated_at:asc'
  /** Include memories whose `expires_at` has passed. Default false. */
  showExpired?: boolean
  /** Include memories that are retired, or whose `valid_to` has passed. Default false. */
  showRetired?: boolean
}

/** Options of {@link OpenMemory.listMemories}. */
export interface ListOptions extends IterateOptions {
  /** Memories per page, 1 to 1000. Default 100. */
  limit?: number
  /** `next_cursor` of the previous page, with the same filters and order. */
  cursor?: string
}

/** Who makes a change and why. The history keeps both. */
export interface Attribution {
  actor?: string
  reason?: string
}

/** Options of {@link OpenMemory.deleteMemory}, and of other changes. */
export interface UpdateOptions extends Attribution {
  /** Apply the change only if the memory is at this version; otherwise reject with {@link VersionConflictError}. */
  ifVersion?: number
}

/** Options of {@link OpenMemory.updateMemory}. */
export interface CorrectionOptions extends UpdateOptions, Abortable {
  /**
   * The version before was wrong, or said worse what is still so: `valid_from` and `valid_to` stay, unless the patch corrects
   * them, and the version before counts as never having been true. Default false: a new text is true from now on.
   */
  correction?: boolean
}

/** Options of {@link OpenMemory.retireMemory}. */
export interface RetireOptions extends UpdateOptions {
  /** Default `'ended'`. */
  why?: Retired
  /** Until when it was true. Default: now. Not with `why: 'wrong'`. */
  valid_to?: DateInput
}

/** Options of {@link OpenMemory.restoreMemory}. */
export interface RestoreOptions extends UpdateOptions {}

/** A call that can be ended early. */
export interface Abortable {
  /** Ends the call with `ABORTED`, with the signal's reason as the `cause`. What has been committed stays. */
  signal?: AbortSignal
}

/** Options of calls that can take long. */
export interface LongCallOptions extends Abortable {
  /**
   * Called as work proceeds. If it throws or its promise rejects, the work continues, and the call rejects with that error
   * once the work has settled. The call waits for promises that it returns.
   */
  onProgress?: (done: number, total: number) => void
}

/** Options of batches. */
export interface BatchOptions extends LongCallOptions {
  /**
   * All or nothing: if an item is rejected, nothing is written; rejected items carry their error, and all others
   * `ABORTED`. Default false: valid items are written.
   */
  atomic?: boolean
}

/** Options of {@link OpenMemory.addMemory}. */
export interface AddOptions extends Abortable {
  /** For memories that do not set it themselves. Default `'add'`. */
  ifExists?: IfExists
  /** For memories that do not set it themselves. Default `'report'`. It is looked at before `ifExists`. */
  onConflict?: OnConflict
}

/** Options of {@link OpenMemory.addMemories}. */
export interface AddManyOptions extends BatchOptions, AddOptions {}

/** Options of {@link OpenMemory.exportTo}. */
export interface ExportOptions extends LongCallOptions {
  /** Only these memories, including expired ones. Default: all memories and the ids of deleted ones. */
  filters?: Filters
}

/** Options of {@link OpenMemory.importFrom}. */
export interface ImportOptions extends LongCallOptions {
  /**
   * What to do with a memory whose id is already in the store with a different history. `'report'` (default): keep the
   * stored memory and list the imported one in `errors`. `'skip'`: keep the stored memory. `'replace'`: replace it, in one
   * step. A memory whose versions are all identical is always skipped.
   */
  onConflict?: OnConflict
}

/** Options of {@link OpenMemory.updateMemories}. */
export interface UpdateManyOptions extends BatchOptions, Attribution {}

/** Options of {@link OpenMemory.applyOperations}. */
export interface OperationsOptions extends LongCallOptions, Attribution {}

/** Options of {@link OpenMemory.searchMemories}. */
export interface SearchOptions extends PointInTime, Abortable {
  /** Maximum number of hits, 1 to 1000. Default 8. */
  limit?: number
  /** How many of the best hits to skip, at most 10,000. A search finds these too, so a page costs more the later it is. Default 0. */
  offset?: number
  /**
   * The vector of the query by the model of the store, whose dimensions it must have: the query is not embedded, and may be
   * empty. Words of the query still count.
   */
  vector?: VectorInput
  /**
   * The older name of `limit`. Giving both with different values is `INVALID_ARGUMENT`.
   * @deprecated Use `limit`.
   */
  k?: number
  filters?: Filters
  /** Only memories of these sectors, compared by their vectors for these sectors. Default: all. */
  sectors?: readonly Sector[]
  /**
   * Only hits with at least this `score`, 0 to 1. Default 0. Use 0.1 to show what may help, 0.5 to act on a hit, and 0.8
   * to act only where one memory answers and no other comes close.
   */
  minScore?: number
  /** Adds `explain` to each hit: the parts of its score. Default false. */
  explain?: boolean
  /** Include memories whose `expires_at` has passed. Default false. */
  showExpired?: boolean
  /** Include memories that are retired, or whose `valid_to` has passed. Default false. */
  showRetired?: boolean
  /**
   * When the question is asked: what `last month` in it refers to. Default now. A time that the query names (`in May 2023`,
   * `two weeks ago`, `vor dem 3. Oktober`; in 21 languages) raises memories that happened then, by their `valid_from`, or that
   * were told then; it hides none.
   */
  referenceTime?: DateInput
  /** How many texts that were true before each hit has in `before`, 0 to 16. Default 0. */
  history?: number
  /**
   * Also finds texts that were replaced: such a hit is the version, with `current: false`. Of one memory, the best text is
   * found. The first such search of a user loads these texts, of each memory the newest 16; they are dropped after ten idle
   * minutes. One whose vectors are missing, because it came with an import or the model has changed since, is compared by
   * those of the memory's newest text.
   * Default false.
   */
  includeHistory?: boolean
}

/** Options of {@link OpenMemory.context}: those of a search, and of the block. */
export interface ContextOptions extends Omit<SearchOptions, 'explain' | 'k' | 'offset'> {
  /** The block has at most so many tokens. Default 1000. */
  tokens?: number
  /** Counts the tokens of a text for your model. Default: one for each three bytes of UTF-8, which is more than most count. */
  countTokens?: (text: string) => number
  /** `'time'` (default): newest truth first. `'relevance'`: best match first. */
  order?: 'relevance' | 'time'
  /** How many texts that were true before are told with each memory. Default 2. */
  history?: number
  /** Memories that are looked at, 1 to 1000. Default 32. */
  limit?: number
  /** Default 0.1. */
  minScore?: number
}

/** What {@link OpenMemory.facets} counts. */
export interface FacetOptions extends Abortable {
  /**
   * The field whose values are counted. Of a list each element counts, once for each memory; objects and `null` do not count.
   */
  field: 'user_id' | 'agent_id' | 'app_id' | 'run_id' | 'tags' | 'sectors' | 'primary_sector' | `metadata.${string}`
  filters?: Filters
  /** Maximum number of values, 1 to 10,000. Default 100. */
  limit?: number
  /** Include memories whose `expires_at` has passed. Default false. */
  showExpired?: boolean
  /** Include memories that are retired, or whose `valid_to` has passed. Default false. */
  showRetired?: boolean
}

/** Options of {@link OpenMemory.touchMemories}. */
export interface TouchOptions {
  /** The new expiry. `null` clears it. */
  expires_at: TimeInput | null
}

/** Options of {@link OpenMemory.watch}. */
export interface WatchOptions {
  /** Only changes of memories that match after the change, or matched when they were deleted. */
  filters?: Filters
  /** Start after the change with this `cursor`, or at this time. Default: now. See {@link OpenMemory.watch} for the limits. */
  since?: TimeInput
  /** Ends the iteration, without an error. */
  signal?: AbortSignal
}

/** Options of {@link OpenMemory.getHistory}. */
export interface HistoryOptions extends Abortable {
  /** Maximum number of versions, 1 to 1000. Default 100. */
  limit?: number
  /** Only versions below this number. */
  before?: number
}

/** Options of {@link OpenMemory.reinforceMemory}. */
export interface ReinforceOptions {
  /** How much salience to add, above 0 and at most 1. Default 0.1. */
  boost?: number
}

/** Options of {@link OpenMemory.sendFeedback}. */
export interface FeedbackOptions {
  /** Stored with the feedback as `feedback_reason`. */
  reason?: string
  /**
   * Also hands `reason`, which says what is wrong, to {@link OpenMemory.consolidate} in this mode, so that the memory is
   * corrected or retired. Only for `NEGATIVE` and `VERY_NEGATIVE`. Default: not.
   */
  correct?: 'apply' | 'review' | 'propose' | 'dry'
}

/** What {@link OpenMemory.deleteMemories} deletes. An empty filter never means everything: say `{ all: true }`. */
export type DeleteSelection = { filters: Filters; all?: never } | { all: true; filters?: never }

/** Options of {@link OpenMemory.serve}. */
export interface ServeOptions {
  /** 0 to 65,535; 0 picks a free port. Default 8080. */
  port?: number
  /** The address to listen on. Default `'127.0.0.1'`. An address that other machines can reach requires keys. */
  host?: string
  /**
   * `KEY` or `TENANT=KEY`. Each tenant has a store of its own; the tenant `default` uses this directory. A key has 16 to 256
   * visible ASCII characters and may be listed once. Default: the environment variable `OPENMEMORY_API_KEYS`, separated by
   * commas.
   */
  apiKeys?: readonly string[]
  /**
   * A key that can read `/metrics` and nothing else; 16 to 256 visible ASCII characters. Default: the environment variable
   * `OPENMEMORY_METRICS_KEY`.
   */
  metricsKey?: string
  /** The file of keys created by `openmemory keys create`. Default `keys.json` in the directory. */
  keyFile?: string
  /**
   * Directory for backups requested over HTTP. Each is written to `<backupDir>/<tenant>/<name>`. Default: none, and such
   * requests are rejected with `FORBIDDEN`.
   */
  backupDir?: string
  /**
   * The URL of a PostgreSQL database, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, which has the memories
   * instead of the directory, so that several servers share them. What such a store does not have is refused with
   * `UNSUPPORTED`. The directory keeps the keys only. Default: the environment variable `OPENMEMORY_STORE`, else none. An
   * {@link OpenMemory} with a `store` of its own serves that one.
   */
  store?: string
  /** Connections to that database at most, 1 to 1000: see {@link DatabaseOptions.poolSize}. Default 16. */
  poolSize?: number
  /** Searches of more memories of that database compare candidates only: see {@link DatabaseOptions.approximateAbove}. */
  approximateAbove?: number
  /**
   * Requests that a key may make at once, earned back evenly over so many seconds; more are `RATE_LIMITED`. Default: no
   * limit.
   */
  rateLimit?: { requests: number; seconds: number }
  /**
   * Tokens that a tenant may have the language model read and write within an hour, earned back evenly. Beyond them `learn` is
   * `LANGUAGE_MODEL_FAILED` with the reason `budget`, and what was answered before it was learnt from waits. Default: no limit.
   */
  tokensPerHour?: number
  /**
   * Where events of webhooks may be sent besides this machine: `'hooks.example.com'`, an address, `'*.example.com'` or `'*'`
   * for hosts with public addresses, each with a port or without. Ports below 1024 other than 80 and 443 have to be named.
   * Default: none. A server that other machines can reach sends nothing to this machine either unless it is named here.
   */
  webhookHosts?: readonly string[]
  /** Milliseconds after which a request is answered with `TIMEOUT`, at least 1000. Default 300,000. */
  timeoutMs?: number
  /**
   * Writes one line of JSON per request to standard error; with `'debug'` also what the stores do: opening, repairs,
   * checkpoints, compactions, reindexing. A process has one log: the first server that writes one decides. Default false.
   */
  log?: boolean | 'debug'
  /**
   * Serves the studio, a page to look at memories, at `/`, and the API reference with requests to try at `/docs`. Both come
   * without a key; what they show takes one if the server has keys. Default false. `openmemory serve` serves them unless
   * `--no-ui` is given.
   */
  ui?: boolean
}

// --- Results --------------------------------------------------------------------------------------------------------

/** The result of one item of a batch, at the item's index. */
export type ItemResult<T = Memory> = { ok: true; memory: T } | { ok: false; id?: string; error: OpenMemoryError }

/** What a delete by filter removed. */
export interface DeleteSummary {
  deleted: number
  ids: string[]
}

/** What {@link OpenMemory.facets} counted. */
export interface Facets {
  /** The most frequent values first; those of one frequency in order. */
  values: Facet[]
  /** How many distinct values there are, including those beyond `limit`. */
  distinct: number
}

/** A value of a field, and how many memories have it. */
export interface Facet {
  value: string | number | boolean
  count: number
}

/** What {@link OpenMemory.exportTo} wrote. */
export interface ExportSummary {
  memories: number
  /** Versions of these memories, including the current ones. */
  versions: number
  /** Ids of deleted memories; none with `filters`. */
  tombstones: number
  bytes: number
}

/** What {@link OpenMemory.importFrom} did with the memories of the file. */
export interface ImportSummary {
  imported: number
  /** Memories that replaced stored ones (`onConflict: 'replace'`). */
  replaced: number
  /** Memories that were already stored, or lost against a stored one (`onConflict: 'skip'`). */
  skipped: number
  /** Ids that are known as deleted from now on. */
  tombstones: number
  /** Memories that were rejected. */
  failed: number
  /** Why, for the first 1000 of them: `VERSION_CONFLICT` or `EMBEDDING_FAILED`, with the line in the file. */
  errors: { line: number; id: string; error: OpenMemoryError }[]
}

/** What {@link OpenMemory.reindex} did. */
export interface ReindexSummary {
  /** Number of memories that were embedded again. */
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
  /** Also repair what is wrong. Default false: only report. */
  repair?: boolean
  /** Milliseconds to wait while another process has the store open, as for {@link EmbeddedOptions}. Default 0. */
  lockWaitMs?: number
}

/** What {@link doctor} found. */
export interface Diagnosis {
  /** Nothing is wrong. */
  healthy: boolean
  /** Every acknowledged write is there. If `healthy` is false, opening the store or a repair restores it in full. */
  complete: boolean
  memories: number
  versions: number
  /** Number of records checked. */
  rows: number
  /** What is wrong, with the memory concerned if it is known. */
  problems: { id?: string; problem: string }[]
  /** Present if a repair changed something. */
  repair?: {
    /** Number of memories now in the store. */
    memories: number
    /** The directory that holds the damaged files. Absent: nothing had to be left out. */
    kept?: string
    /**
     * What could not be saved: a version of a memory, or all of it. `id` is absent if it cannot be read. `commits` is a
     * number of acknowledged changes that are missing and whose memories are unknown.
     */
    lost: { id?: string; version?: number; commits?: number }[]
    /** True if memories have lost their vectors: searches reject with `MODEL_MISMATCH` until `reindex()` has run. */
    needs_reindex?: boolean
  }
}

/** Options of {@link checkModel}. What is not given is taken from the model's files, or from its name. */
export interface CheckModelOptions {
  /** The `tokenizer.json` file. Default: the one beside the model, or beside its folder `onnx`. */
  tokenizer?: string
  /** How token vectors are combined into one. */
  pooling?: 'mean' | 'cls'
  /** Text before every query. */
  queryPrefix?: string
  /** Text before every stored passage. */
  passagePrefix?: string
}

/** What {@link checkModel} found. */
export interface ModelCheck {
  /** Whether it can be the embedder of a store. The fields that are measured are present only then. */
  runs: boolean
  /** What keeps it from running. */
  problems: { file: string; problem: string }[]
  /** What to look at before it is used. */
  notes: string[]
  /** The ONNX file that was checked. */
  model: string
  /** Its tokenizer, which may be missing. */
  tokenizer: string
  /** What the model reads, with the type and the lengths of the axes; variable ones have a name. */
  inputs: { name: string; type: string; shape: string[] }[]
  /** What it gives, of which the first is used. */
  outputs: { name: string; type: string; shape: string[] }[]
  /** The files and names that the settings are from; `trial` for a pooling that was chosen by trying both. */
  settings_from: string[]
  /** Numbers per vector. Vectors are always brought to length 1. */
  dimensions?: number
  /** Whether the model gives one vector per text itself, so that no pooling is needed. */
  pooled?: boolean
  /** The median milliseconds of a run on one thread, for texts of 12, 30 and 125 tokens. */
  times?: { tokens: number; ms: number }[]
  /** Milliseconds that loading took. */
  load_ms?: number
  /** Bytes by which the process has grown, about: other work in it counts too. */
  memory?: number
  /** How many of a few questions in English find their answer with these settings. */
  trial?: { asked: number; found: number }
  /** The option `embedder` for this model. */
  embedder?: ModelEmbedder
}

/** A running server. It keeps the process alive until it is closed. */
export interface Server {
  /** For example `http://127.0.0.1:8080`. */
  readonly url: string
  readonly port: number
  /** Answers pending requests, syncs, and stops. Idempotent; {@link OpenMemory.close} does it too. */
  close(): Promise<void>
  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

// --- The store ------------------------------------------------------------------------------------------------------

/**
 * A store of memories in one directory, or on a server. The constructor does no work: the directory is opened on first use,
 * and the model is loaded when the first text needs it. Objects of one process that name the same directory share it;
 * a second process gets `LOCKED`.
 *
 * Every method rejects with `CLOSED` after {@link close}, with `TIMEOUT` after `timeoutMs`, and with `INVALID_ARGUMENT` for
 * unknown options and extra arguments. A method that takes an id rejects with `MISSING_ID` if it is missing or empty.
 * Against a server, every method can also reject with `UNAVAILABLE`, `UNAUTHORIZED`, `FORBIDDEN` and `RATE_LIMITED`.
 *
 * Metadata can have a type of your own, which is checked at compile time only. Mark fields that a memory may lack as
 * optional:
 *
 * @typeParam M The type of the metadata of this store's memories.
 * @example
 * ```ts
 * const om = new OpenMemory<{ source?: string; verified?: boolean }>({ path: './agent-memory' })
 * const { id } = await om.addMemory({ content: 'Ada drinks tea', user_id: 'ada', metadata: { source: 'chat' } })
 * await om.updateMemory(id, { content: 'Ada drinks coffee now', metadata: { verified: true, source: null } })
 * const [best] = await om.searchMemories('What does Ada drink?', { filters: { user_id: 'ada' }, limit: 1 })
 * console.log(best?.content, best?.metadata.verified) // Ada drinks coffee now true
 * await om.close()
 * ```
 */
export class OpenMemory<M extends object = Metadata> {
  /**
   * @param options The directory, the database or the server. Default: see {@link EmbeddedOptions.path} and {@link RemoteOptions.url}.
   * @throws {ValidationError} `INVALID_ARGUMENT`, immediately, if an option is unknown or invalid.
   * @example
   * ```ts
   * const embedded = new OpenMemory({ path: './agent-memory', userId: 'ada' })
   * const shared = new OpenMemory({ store: 'postgres://app:secret@127.0.0.1:5432/memories' })
   * const remote = new OpenMemory({ url: 'http://127.0.0.1:8080', apiKey: 'your_api_key' })
   * ```
   */
  constructor(options?: OpenMemoryOptions)

  /**
   * Stores a text. The promise resolves after the text has been embedded and committed.
   *
   * @param memory The text, with tags, metadata and scope.
   * @param options What to do if the text or the id is already stored, and `signal`.
   * @returns The new memory, or the existing one with `existed: true`.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @throws {VersionConflictError} If the `id` is already taken, unless `onConflict` says otherwise.
   * @throws {ImmutableMemoryError} If `onConflict` would replace an immutable memory.
   * @throws {OpenMemoryError} `EMBEDDING_FAILED`, `MODEL_UNAVAILABLE` or `MODEL_MISMATCH`.
   * @example
   * ```ts
   * const added = await om.addMemory({ content: 'Ada lives in Lisbon', tags: ['home'], user_id: 'ada' })
   * const again = await om.addMemory({ content: 'Ada lives in Lisbon', user_id: 'ada' }, { ifExists: 'skip' })
   * console.log(again.id === added.id, again.existed) // true true
   * ```
   */
  addMemory(memory: NewMemory<M>, options?: AddOptions): Promise<AddedMemory<M>>

  /**
   * Stores 1 to 1000 texts, embedded together and committed in few transactions. Each item has its own result, so an
   * invalid item does not stop the others unless the batch is `atomic`.
   *
   * @param memories The texts. A hole in the array counts as an invalid item.
   * @param options `atomic`, `ifExists`, `onConflict`, `onProgress` and `signal`.
   * @returns One result per item, in order.
   * @throws {ValidationError} `LIMIT_EXCEEDED` for more than 1000 items, `INVALID_ARGUMENT` for none.
   * @throws {OpenMemoryError} `ABORTED` by the signal.
   * @example
   * ```ts
   * const results = await om.addMemories([{ content: 'Ada has a cat' }, { content: '' }])
   * for (const result of results) console.log(result.ok ? result.memory.content : result.error.code)
   * // Ada has a cat
   * // INVALID_ARGUMENT
   *
   * const settings = [{ id: 'theme', content: 'dark' }]
   * await om.addMemories(settings)
   * const [again] = await om.addMemories([{ id: 'theme', content: 'light' }], { onConflict: 'replace' })
   * console.log(again?.ok && again.memory.version) // 2
   * ```
   */
  addMemories(memories: readonly NewMemory<M>[], options?: AddManyOptions): Promise<ItemResult<AddedMemory<M>>[]>

  /**
   * Reads a memory as it is now, or as it was in an earlier version or at a time. Expired memories are returned too.
   *
   * @param id The id of the memory.
   * @param options `version` or `at`.
   * @returns The memory.
   * @throws {NotFoundError} If there is no such memory or version; `details.deleted` if the memory was deleted.
   * @throws {ValidationError} `INVALID_ARGUMENT` for both `version` and `at`.
   * @example
   * ```ts
   * await om.updateMemory(id, { content: 'Ada drinks coffee now' })
   * const before = await om.getMemory(id, { version: 1 })
   * console.log(before.content) // Ada drinks tea
   * ```
   */
  getMemory(id: string, options?: GetOptions): Promise<Memory<M>>

  /**
   * Reads one page of memories, newest first.
   *
   * @param options Filters, order, page size, `cursor` and `signal`.
   * @returns The page, with `next_cursor` unless it is the last one.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const { memories, next_cursor } = await om.listMemories({ filters: { tags: 'taste' }, limit: 20 })
   * console.log(memories.length, next_cursor) // 1 undefined
   * ```
   */
  listMemories(options?: ListOptions): Promise<MemoryPage<M>>

  /**
   * Iterates over all matching memories, reading them page by page.
   *
   * @param options Filters, order, page size and `signal`.
   * @returns An async iterator. With an order by `updated_at`, a memory that is updated meanwhile is still returned once.
   * @throws {ValidationError} From the iterator: `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * for await (const memory of om.iterateMemories({ filters: { user_id: 'ada' } })) console.log(memory.content)
   * // Ada drinks tea
   * ```
   */
  iterateMemories(options?: IterateOptions): AsyncIterableIterator<Memory<M>>

  /**
   * Changes a memory. An update is atomic: readers see all of it or nothing, and concurrent updates of different fields
   * are all kept. The version rises by exactly 1, and the previous state stays readable (`getMemory(id, { version })`).
   *
   * @param id The id of the memory.
   * @param patch What to change; absent fields keep their value.
   * @param options `correction`, `ifVersion`, `actor`, `reason` and `signal`.
   * @returns The memory after the update.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`; nothing has changed.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {VersionConflictError} If the memory is not at `ifVersion`.
   * @throws {ImmutableMemoryError} If the memory is immutable.
   * @throws {OpenMemoryError} `EMBEDDING_FAILED`, `MODEL_UNAVAILABLE` or `MODEL_MISMATCH`; nothing has changed.
   * @example
   * ```ts
   * const patch = { content: 'Ada drinks coffee now', metadata: { verified: true, source: null } }
   * const updated = await om.updateMemory(id, patch, { ifVersion: 1, actor: 'importer' })
   * console.log(updated.version, updated.tags, updated.metadata) // 2 [ 'taste' ] { verified: true }
   * ```
   */
  updateMemory(id: string, patch: MemoryPatch<M>, options?: CorrectionOptions): Promise<Memory<M>>

  /**
   * Applies 1 to 1000 patches, embedded together and committed in few transactions. Patches of the same memory apply in
   * order. Each item has its own result, so a rejected item does not stop the others unless the batch is `atomic`.
   *
   * @param updates The patches, each with the `id` of its memory and optionally `ifVersion`.
   * @param options `atomic`, `actor`, `reason`, `onProgress` and `signal`.
   * @returns One result per item, in order.
   * @throws {ValidationError} `LIMIT_EXCEEDED` for more than 1000 items, `INVALID_ARGUMENT` for none.
   * @throws {OpenMemoryError} `ABORTED` by the signal.
   * @example
   * ```ts
   * const results = await om.updateMemories([
   *   { id, metadata: { verified: true } },
   *   { id, content: 'Ada drinks coffee now', ifVersion: 1 },
   * ])
   * for (const result of results) console.log(result.ok ? result.memory.version : result.error.code)
   * // 2
   * // VERSION_CONFLICT
   * ```
   */
  updateMemories(updates: readonly MemoryUpdate<M>[], options?: UpdateManyOptions): Promise<ItemResult<Memory<M>>[]>

  /**
   * Deletes a memory permanently: content, vectors, links and history. Only its id, last version, time of deletion, `actor`
   * and `reason` remain, so that `NOT_FOUND` can distinguish a deleted id (`details.deleted`) from an unknown one. The
   * bytes disappear from the files when these are next rewritten; {@link compact} rewrites them immediately.
   *
   * @param id The id of the memory.
   * @param options `ifVersion`, `actor` and `reason`.
   * @returns The last state of the memory.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {VersionConflictError} If the memory is not at `ifVersion`.
   * @example
   * ```ts
   * const { deleted_at, content } = await om.deleteMemory(id, { reason: 'requested by Ada' })
   * console.log(content, deleted_at.length) // Ada drinks tea 24
   * ```
   */
  deleteMemory(id: string, options?: UpdateOptions): Promise<DeletedMemory<M>>

  /**
   * Deletes 1 to 1000 memories by id.
   *
   * @param ids The ids.
   * @param options `onProgress` and `signal`.
   * @returns One result per id, in order.
   * @throws {ValidationError} `LIMIT_EXCEEDED` for more than 1000 ids, `INVALID_ARGUMENT` for none.
   * @throws {OpenMemoryError} `ABORTED` by the signal.
   * @example
   * ```ts
   * const results = await om.deleteMemories([id, 'mem_unknown'])
   * console.log(results.map((result) => result.ok)) // [ true, false ]
   * ```
   */
  deleteMemories(ids: readonly string[], options?: LongCallOptions): Promise<ItemResult<DeletedMemory<M>>[]>

  /**
   * Deletes all memories that match a filter, or all memories (only those of `userId`, if that option is set).
   *
   * @param selection `{ filters }` or `{ all: true }`.
   * @param options `onProgress` and `signal`.
   * @returns How many memories were deleted, and their ids.
   * @throws {ValidationError} `INVALID_ARGUMENT` for an empty filter.
   * @throws {OpenMemoryError} `ABORTED` by the signal; what was deleted before stays deleted.
   * @example
   * ```ts
   * const { deleted } = await om.deleteMemories({ filters: { user_id: 'ada' } })
   * console.log(deleted) // 1
   * ```
   */
  deleteMemories(selection: DeleteSelection, options?: LongCallOptions): Promise<DeleteSummary>

  /**
   * Finds the memories that best answer a query, by words and meaning, best first.
   *
   * @param query A question or a topic, 1 to 8,192 characters.
   * @param options `limit`, filters, sectors, `minScore`, `explain`, `showExpired`, `signal` and more.
   * @returns At most `limit` memories, with `score`, `similarity` and `path`.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @throws {OpenMemoryError} `EMBEDDING_FAILED`, `MODEL_UNAVAILABLE` or `MODEL_MISMATCH`.
   * @example
   * ```ts
   * const matches = await om.searchMemories('What does Ada drink?', { limit: 3 })
   * for (const { content, score } of matches) console.log(content, score > 0)
   * // Ada drinks tea true
   * ```
   */
  searchMemories(query: string, options?: SearchOptions): Promise<MemoryMatch<M>[]>

  /**
   * Finds memories and writes them for a prompt: one line each between `<memories>` tags, dated with weekdays, with ids, and
   * with the texts that they replaced. The best memories that fit are chosen. Texts are JSON strings, so that no memory can
   * leave its line or the block; they are data, and the block says so.
   *
   * @param query What the model is asked.
   * @param options `tokens`, `countTokens` and `order` of the block, and those of {@link searchMemories}.
   * @returns The block and the memories in it.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const { text } = await om.context('What does Ada drink?', { tokens: 200 })
   * console.log(text.split('\n')[0]) // <memories>
   * ```
   */
  context(query: string, options?: ContextOptions): Promise<ContextBlock<M>>

  /**
   * Makes a memory more salient. Its version and `updated_at` do not change.
   *
   * @param id The id of the memory.
   * @param options `boost`.
   * @returns The memory with its new salience.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `boost` is out of range.
   * @example
   * ```ts
   * await om.reinforceMemory(id, { boost: 0.3 })
   * ```
   */
  reinforceMemory(id: string, options?: ReinforceOptions): Promise<Memory<M>>

  /**
   * Reads the versions of a memory, newest first, including the current one.
   *
   * @param id The id of the memory.
   * @param options `limit`, `before` and `signal`.
   * @returns The versions, each with its content and what changed, by whom and why.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * await om.updateMemory(id, { tags: ['taste', 'drinks'] }, { actor: 'ada', reason: 'easier to find' })
   * const [latest] = await om.getHistory(id, { limit: 1 })
   * console.log(latest?.version, latest?.reason, latest?.changes[0]?.field) // 2 easier to find tags
   * ```
   */
  getHistory(id: string, options?: HistoryOptions): Promise<MemoryVersion<M>[]>

  /**
   * Restores the content, tags, metadata, sectors and expiry of an earlier version, as a new version. The history is not
   * rewritten, and nothing is embedded again.
   *
   * @param id The id of the memory.
   * @param version The version to restore.
   * @param options `ifVersion`, `actor` and `reason`.
   * @returns The memory after the restore.
   * @throws {NotFoundError} If there is no such memory or version.
   * @throws {VersionConflictError} If the memory is not at `ifVersion`.
   * @throws {ImmutableMemoryError} If the memory is immutable.
   * @example
   * ```ts
   * await om.updateMemory(id, { content: 'Ada drinks coffee now' })
   * const restored = await om.restoreMemory(id, 1, { reason: 'a mistake' })
   * console.log(restored.version, restored.content) // 3 Ada drinks tea
   * ```
   */
  restoreMemory(id: string, version: number, options?: RestoreOptions): Promise<Memory<M>>

  /**
   * Adds, changes, retires, merges, restores and deletes memories in one commit: all or none. Operations apply in order, each to the
   * state that those before it leave.
   *
   * @param operations 1 to 1000 operations, each with an `ifVersion` of its own.
   * @param options `actor` and `reason` of all of them, `onProgress` and `signal`.
   * @returns A result for each operation. If one is refused it has the error, the others are `ABORTED`, and nothing changes.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED` if there are no operations, or more than 1000.
   * @example
   * ```ts
   * const results = await om.applyOperations([
   *   { update: { id, content: 'Ada drinks coffee', ifVersion: 1 } },
   *   { add: { content: 'Ada has stopped drinking tea' } },
   * ])
   * console.log(results.map((result) => result.ok && result.memory.event).join(' ')) // UPDATE ADD
   * ```
   */
  applyOperations(
    operations: readonly Operation<M>[],
    options?: OperationsOptions,
  ): Promise<ItemResult<OperatedMemory<M>>[]>

  /**
   * Undoes what {@link applyOperations} did, in one commit: what was added is deleted, and what was changed, retired or
   * restored becomes what it was, as a new version. If a memory has changed since, nothing is undone, and its result says so.
   *
   * @param results What {@link applyOperations} returned.
   * @param options `actor` and `reason`.
   * @returns A result for each memory that was changed, the last one first: `VERSION_CONFLICT` or `NOT_FOUND` for those that
   * have changed since, and then `ABORTED` for the others.
   * @throws {ValidationError} `INVALID_ARGUMENT` if a memory was deleted: it cannot be brought back.
   * @example
   * ```ts
   * const results = await om.applyOperations([{ update: { id, content: 'Ada drinks coffee' } }])
   * const [undone] = await om.undoOperations(results)
   * console.log(undone?.ok && undone.memory.content) // Ada drinks tea
   * ```
   */
  undoOperations(
    results: readonly ItemResult<OperatedMemory<M>>[],
    options?: Attribution,
  ): Promise<ItemResult<OperatedMemory<M>>[]>

  /**
   * Records that a memory is not true any longer, or never was, as a new version with the same content. List and search
   * leave it out unless `showRetired` is set. Unlike {@link deleteMemory} it removes nothing, and {@link restoreMemory}
   * takes it back.
   *
   * @param id The id of the memory.
   * @param options `why`, `valid_to`, `ifVersion`, `actor` and `reason`.
   * @returns The memory after the change.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `valid_to` is before the memory's `valid_from`.
   * @throws {VersionConflictError} If the memory is not at `ifVersion`.
   * @throws {ImmutableMemoryError} If the memory is immutable.
   * @example
   * ```ts
   * const job = await om.addMemory({ content: 'Ada works at Acme', valid_from: '2023' })
   * const ended = await om.retireMemory(job.id, { valid_to: '2024-05-01' })
   * console.log(ended.retired, ended.valid_from, ended.valid_to) // ended 2023 2024-05-01
   * ```
   */
  retireMemory(id: string, options?: RetireOptions): Promise<Memory<M>>

  /**
   * Learns from a conversation with your language model. The messages are kept without secrets, the memories of the scope
   * that they may concern are found, and the model is asked once for operations on them, each with a quote. What passes the
   * checks is applied in one commit, with the model as `actor`. A model can retire a memory and never deletes one; if it
   * would change too much at once, its changes wait. The same messages again change nothing and ask nobody.
   *
   * @param input What the user said, or the messages of a conversation, 1 to 1000.
   * @param options Scope, mode, model and more.
   * @returns What was proposed, and what became of it.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @throws {OpenMemoryError} `NO_LANGUAGE_MODEL` without a model; `LANGUAGE_MODEL_FAILED` if it gave no usable answer, with
   * `details.why` (`http`, `timeout`, `refused`, `length`, `unreadable` or `budget`); `ABORTED`. No memory has changed then.
   * @example
   * ```ts
   * const languageModel = {
   *   id: 'script', // or { url: 'http://localhost:11434/v1', model: 'qwen3' }
   *   complete: () => JSON.stringify({ operations: [
   *     { op: 'add', memory: null, others: [], message: 1, quote: 'got a cat', text: 'Ada has a cat', change: null,
   *       from: null, until: null, because: 'she says so' },
   *   ] }),
   * }
   * const learning = await om.learn('I got a cat', { user_id: 'ada', languageModel })
   * console.log(learning.status, learning.operations[0]?.state) // done applied
   * ```
   */
  learn(input: string | readonly Message[], options?: LearnOptions): Promise<Learning>

  /**
   * Reads what a call learnt.
   *
   * @param id The id of the learning.
   * @returns The learning, with the present states of its operations.
   * @throws {NotFoundError} If there is no such learning.
   * @example
   * ```ts
   * const languageModel = { id: 'script', complete: () => '{"operations":[]}' }
   * const { id: learning } = await om.learn('Hello', { languageModel })
   * console.log((await om.getLearning(learning)).status) // nothing
   * ```
   */
  getLearning(id: string): Promise<Learning>

  /**
   * Lists learnings, newest first: of a user, agent, app or run, of `userId`, or all.
   *
   * @param options Scope, `status`, `limit` and `cursor`.
   * @returns A page.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const { learnings } = await om.listLearnings({ user_id: 'ada', status: 'waiting' })
   * console.log(learnings.length) // 0
   * ```
   */
  listLearnings(options?: ListLearningsOptions): Promise<LearningPage>

  /**
   * Applies or discards operations that wait, in one commit. An operation whose memory has changed meanwhile is refused.
   *
   * @param id The id of the learning.
   * @param decisions About all that wait, or by their place in `operations`.
   * @param options `actor` and `reason`, which the history keeps.
   * @returns The learning afterwards.
   * @throws {NotFoundError} If there is no such learning.
   * @throws {ValidationError} `INVALID_ARGUMENT` if an operation does not wait.
   * @example
   * ```ts
   * const languageModel = { id: 'script', complete: () => '{"operations":[]}' }
   * const learning = await om.learn('Hello', { mode: 'propose', languageModel })
   * console.log((await om.decide(learning.id, 'apply', { actor: 'ada' })).status) // nothing
   * ```
   */
  decide(id: string, decisions: Decision | Record<number, Decision>, options?: Attribution): Promise<Learning>

  /**
   * Takes back everything that a learning has changed, in one commit: what it added is deleted, and what it changed gets its
   * earlier content, tags and validity as a new version. If a memory has changed since, nothing is taken back.
   *
   * @param id The id of the learning.
   * @param options `actor` and `reason`.
   * @returns The learning, whose status is `'undone'`.
   * @throws {NotFoundError} If there is no such learning.
   * @throws {VersionConflictError} If a memory has changed since.
   * @example
   * ```ts
   * const languageModel = { id: 'script', complete: () => '{"operations":[]}' }
   * const learning = await om.learn('Hello', { languageModel })
   * console.log((await om.undoLearning(learning.id)).status) // nothing
   * ```
   */
  undoLearning(id: string, options?: Attribution): Promise<Learning>

  /**
   * Shows the words that a memory was learnt from, newest version first.
   *
   * @param id The id of the memory.
   * @param options `version`: only its sources.
   * @returns The quotes, with their messages; empty for a memory that was not learnt.
   * @throws {NotFoundError} If there is no such memory.
   * @example
   * ```ts
   * console.log(await om.getSources(id)) // []
   * ```
   */
  getSources(id: string, options?: { version?: number }): Promise<Source[]>

  /**
   * Lists the messages that were kept, in the order in which they were said.
   *
   * @param options Scope, `limit` and `cursor`.
   * @returns A page.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const { messages } = await om.listMessages({ user_id: 'ada' })
   * console.log(messages.length) // 0
   * ```
   */
  listMessages(options?: ListMessagesOptions): Promise<MessagePage>

  /**
   * Asks the language model what to merge and retire among memories that say something similar, or how to correct memories
   * that somebody says are wrong. Nothing is added, the same checks hold as for {@link learn}, and {@link undoLearning}
   * takes it back.
   *
   * @param options Which memories, `feedback`, the model, and `mode`.
   * @returns The learning; `undefined` if no memories are similar, and nobody was asked.
   * @throws {NotFoundError} If one of `memories` does not exist.
   * @throws {OpenMemoryError} `NO_LANGUAGE_MODEL` if there is no model.
   * @throws {OpenMemoryError} `LANGUAGE_MODEL_FAILED` if it gave no usable answer.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const languageModel = { id: 'script', complete: () => '{"operations":[]}' }
   * await om.sendFeedback(id, 'NEGATIVE', { reason: 'She moved to Porto' })
   * const learning = await om.consolidate({ memories: [id], feedback: 'She moved to Porto', languageModel })
   * console.log(learning?.status) // nothing
   * ```
   */
  consolidate(options?: ConsolidateOptions): Promise<Learning | undefined>

  /**
   * Learns once more from kept messages: with another model, other instructions or a newer prompt. What the store knows
   * already is confirmed and keeps its id. Messages that were learnt from in the same way ask nobody.
   *
   * @param scope Whose messages; `{}` means all that {@link listMessages} lists.
   * @param options The model and what is asked of it. `mode` is `'review'` unless you say otherwise.
   * @returns A learning for each conversation, in parts of 200 messages. One that has no new message is left out.
   * @throws {OpenMemoryError} `NO_LANGUAGE_MODEL` if there is no model.
   * @throws {OpenMemoryError} `LANGUAGE_MODEL_FAILED` if it gave no usable answer; what was learnt before stays.
   * @throws {OpenMemoryError} `ABORTED` if `options.signal` fired.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @example
   * ```ts
   * const languageModel = { id: 'better', complete: () => '{"operations": []}' }
   * for await (const learning of om.relearn({ user_id: 'ada' }, { languageModel })) console.log(learning.status)
   * ```
   */
  relearn(scope: ScopeFields, options?: RelearnOptions): AsyncIterableIterator<Learning>

  /**
   * Deletes the messages of a user, agent, app or run. What was learnt from them stays. Deleting all memories of a user by
   * {@link deleteMemories} deletes messages and learnings as well.
   *
   * @param scope Whose messages; at least one field.
   * @returns How many were deleted.
   * @throws {ValidationError} `INVALID_ARGUMENT` without a scope.
   * @example
   * ```ts
   * console.log(await om.deleteMessages({ user_id: 'ada' })) // { deleted: 0 }
   * ```
   */
  deleteMessages(scope: ScopeFields): Promise<{ deleted: number }>

  /**
   * Records how useful a memory was. Its version and `updated_at` do not change, unless `correct` has a model change it.
   *
   * @param id The id of the memory.
   * @param feedback The verdict; `null` removes it.
   * @param options `reason`, and `correct` to have a language model act on it.
   * @returns The memory with its feedback; with `correct` also the `learning`, and the memory as it is before that.
   * @throws {NotFoundError} If there is no such memory.
   * @throws {ValidationError} `INVALID_ARGUMENT` if `feedback` is missing or unknown, or `correct` has no `reason`.
   * @throws {OpenMemoryError} `NO_LANGUAGE_MODEL` or `LANGUAGE_MODEL_FAILED` with `correct`; the feedback is recorded.
   * @example
   * ```ts
   * const { feedback } = await om.sendFeedback(id, 'POSITIVE', { reason: 'answered the question' })
   * console.log(feedback) // POSITIVE
   * ```
   */
  sendFeedback(
    id: string,
    feedback: Feedback | null,
    options?: FeedbackOptions,
  ): Promise<Memory<M> & { learning?: Learning }>

  /**
   * Emits changes as they are committed, in order: memories added, updated, restored and deleted. Reinforcement, feedback
   * and expiry are not changes. Whatever this object changes by calls made after this one is among them. The iteration ends
   * when this object is closed, when `signal` fires, or when the loop is left.
   *
   * With `since`, the watch resumes after an earlier change. While a watcher is active, the last 16,384 changes (up to
   * 64 MiB of text) are buffered, and a cursor inside the buffer resumes exactly. Otherwise the watch replays the latest
   * state of each changed memory and the ids of all deleted ones, whatever the filters; changes up to one minute before
   * the cursor may be repeated, so compare versions. A watcher that falls behind the buffer gets `UNAVAILABLE` and can
   * resume from its last `cursor`.
   *
   * A directory: waiting does not keep the process alive, because changes come from the process itself. A server: the
   * watch keeps the process alive until it ends. It reconnects for one minute, or for `timeoutMs`, after a lost
   * connection, resumes after the last change received, and then gives up with `UNAVAILABLE`.
   *
   * @param options Filters, `since` and `signal`.
   * @returns An async iterator of changes.
   * @throws {ValidationError} From the iterator: `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field`.
   * @throws {OpenMemoryError} From the iterator: `UNAVAILABLE`, as described above.
   * @example
   * ```ts
   * const changes = om.watch({ filters: { tags: 'taste' } })
   * await om.updateMemory(id, { content: 'Ada drinks coffee now' })
   * for await (const { event, memory } of changes) {
   *   console.log(event, memory?.content) // UPDATE Ada drinks coffee now
   *   break
   * }
   * ```
   */
  watch(options?: WatchOptions): AsyncIterableIterator<MemoryChange<M>>

  /**
   * Counts the distinct values of a field: the users of a store, its tags, the topics in its metadata.
   *
   * @param options `field`, `filters`, `limit`, `showExpired`, `showRetired` and `signal`.
   * @returns The values with their counts.
   * @throws {ValidationError} `INVALID_ARGUMENT` for a field without countable values, or `filters`.
   * @example
   * ```ts
   * const { values, distinct } = await om.facets({ field: 'user_id' })
   * for (const { value, count } of values) console.log(value, count) // ada 1
   * ```
   */
  facets(options: FacetOptions): Promise<Facets>

  /**
   * Changes when memories expire, in one commit. It is no statement about what they say: it makes no version, `updated_at`
   * stays, and {@link OpenMemory.watch} does not report it.
   *
   * @param ids 1 to 1000 ids.
   * @param options `expires_at`.
   * @returns One result per id, in order; `NOT_FOUND` and `IMMUTABLE` are results.
   * @throws {ValidationError} `LIMIT_EXCEEDED` for more than 1000 ids, `INVALID_ARGUMENT` for none or without `expires_at`.
   * @example
   * ```ts
   * const [touched] = await om.touchMemories([id], { expires_at: new Date(Date.now() + 86_400_000) })
   * console.log(touched?.ok && touched.memory.version) // 1
   * ```
   */
  touchMemories(ids: readonly string[], options: TouchOptions): Promise<ItemResult<Memory<M>>[]>

  /**
   * Reads the links of a memory to others, strongest first. A search that returns both memories strengthens their link.
   *
   * @param id The id of the memory.
   * @returns The links.
   * @throws {NotFoundError} If there is no such memory.
   * @example
   * ```ts
   * for (const { id: other, weight } of await om.getWaypoints(id)) console.log(other, weight)
   * ```
   */
  getWaypoints(id: string): Promise<Waypoint[]>

  /**
   * Embeds all memories again with the model of this object, which resolves `MODEL_MISMATCH`. If it is interrupted by
   * `signal`, a crash or an error, the next call continues where it stopped.
   *
   * @param options `onProgress` and `signal`.
   * @returns How many memories were embedded, and by which model.
   * @throws {OpenMemoryError} `EMBEDDING_FAILED`, `MODEL_UNAVAILABLE` or `ABORTED`.
   * @example
   * ```ts
   * const { reindexed } = await om.reindex({ onProgress: (done, total) => console.error(`${done} of ${total}`) })
   * ```
   */
  reindex(options?: LongCallOptions): Promise<ReindexSummary>

  /**
   * Writes a copy of the store into a new directory while reads and writes continue. The copy holds at least everything
   * acknowledged before the call. It is read back and compared before it gets its name, and it is a store itself: open it
   * with `new OpenMemory({ path: dir })`, or use it to replace a damaged store.
   *
   * Against a server, the copy is made on the server's machine, below the directory that {@link ServeOptions.backupDir}
   * names. To get all memories onto this machine, use {@link exportTo}.
   *
   * @param dir A directory that is empty or does not exist yet. Against a server: a name of `a` to `z`, `0` to `9`, `-`
   * and `_`.
   * @returns What was written.
   * @throws {ValidationError} `INVALID_ARGUMENT` if the directory is not empty.
   * @throws {AuthenticationError} `FORBIDDEN` by a server that has no directory for backups.
   * @throws {OpenMemoryError} `IO` if the disk fails or is full.
   * @example
   * ```ts
   * const { memories } = await om.backup('./backup-monday')
   * console.log(memories) // 1
   * ```
   */
  backup(dir: string): Promise<BackupSummary>

  /**
   * Writes memories with their whole history to a file of JSON lines, which holds everything except vectors; see
   * docs/reference/export-format.md. The export of an unchanged store always has the same bytes, also after {@link importFrom} into
   * an empty store. Writes may continue meanwhile: each memory is exported as it is when its turn comes. With the option
   * `userId`, only that user's memories are exported, unless `filters` mention `user_id`.
   *
   * The file appears, or replaces an existing one, only when it is complete and on disk. Only its owner can read it. If it
   * is a symbolic link, the link's target is written. A pipe or a device is written once the export is complete, by way of
   * a temporary file; a pipe waits for its reader. Against a server, the file is written on this machine too.
   *
   * @param file The path of the file.
   * @param options `filters`, `onProgress` and `signal`.
   * @returns What was written.
   * @throws {ValidationError} `INVALID_ARGUMENT` for `file` or `filters`.
   * @throws {OpenMemoryError} `IO` or `ABORTED`; no file is created or replaced.
   * @example
   * ```ts
   * const { memories, versions } = await om.exportTo('memories.jsonl')
   * console.log(memories, versions) // 1 1
   * ```
   */
  exportTo(file: string, options?: ExportOptions): Promise<ExportSummary>

  /**
   * Adds the memories of a file that {@link exportTo} wrote, with their ids, versions and times, and embeds their texts
   * with the model of this object. Ids that the file lists as deleted count as deleted from then on; no stored memory is
   * deleted.
   *
   * The whole file is checked before anything is imported. Each memory is imported completely or not at all; rejected
   * memories are listed in `errors`, and the others continue. If the import is interrupted by `signal`, a crash or an
   * error, the next call continues where it stopped, without duplicates or gaps. A pipe is first read into a temporary
   * file.
   *
   * @param file The path of the file.
   * @param options `onConflict`, `onProgress` and `signal`.
   * @returns What was imported, skipped and rejected.
   * @throws {ValidationError} `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`, with the `field` and `details.line` of an invalid line.
   * @throws {OpenMemoryError} `CORRUPTED` if the end is missing or the checksum differs, `FORMAT_UNSUPPORTED` if another
   * version wrote the file, `IO`, `MODEL_MISMATCH`, `ABORTED`, or `EMBEDDING_FAILED` if a whole group of 64 texts failed.
   * @example
   * ```ts
   * await om.exportTo('memories.jsonl')
   * const copy = new OpenMemory({ path: './copy', embedder: 'test' })
   * const { imported, failed } = await copy.importFrom('memories.jsonl', { onConflict: 'skip' })
   * console.log(imported, failed) // 1 0
   * await copy.close()
   * ```
   */
  importFrom(file: string, options?: ImportOptions): Promise<ImportSummary>

  /**
   * Reports counts and sizes.
   *
   * @returns The numbers, and what the store has to report about its files.
   * @throws {OpenMemoryError} `LOCKED`, `IO` or `CORRUPTED` if the store cannot be opened.
   * @example
   * ```ts
   * const { memories, bytes_on_disk } = await om.stats()
   * console.log(memories, bytes_on_disk > 0) // 1 true
   * ```
   */
  stats(): Promise<Stats>

  /**
   * Makes this directory available to other processes and languages over HTTP, while this object keeps using it.
   *
   * @param options Address, keys and limits.
   * @returns The running server.
   * @throws {ValidationError} `INVALID_ARGUMENT` for a `host` that other machines can reach without keys, for invalid keys,
   * or if this object is a client of a server itself.
   * @throws {OpenMemoryError} `UNAVAILABLE` if the port is in use, `IO` or `CORRUPTED` if the key file cannot be read.
   * @example
   * ```ts
   * const server = await om.serve({ port: 0 })
   * const remote = new OpenMemory({ url: server.url })
   * console.log((await remote.getMemory(id)).content) // Ada drinks tea
   * await remote.close()
   * await server.close()
   * ```
   */
  serve(options?: ServeOptions): Promise<Server>

  /**
   * Makes the first calls fast: opens the store, loads the model (0.3 s) and, if the store has at most 16 users, their
   * memories. Without it, the first call that needs one of these waits for it.
   *
   * @returns A promise that resolves when all is loaded.
   * @throws {OpenMemoryError} `MODEL_UNAVAILABLE` if the model cannot be loaded; calls that need no model still work.
   * @example
   * ```ts
   * await om.ready()
   * ```
   */
  ready(): Promise<void>

  /**
   * Rewrites the store's files, so that no file holds deleted text. Reads and writes continue meanwhile. A list, search or
   * export in progress keeps the files that it reads; they are removed when the store is next opened.
   *
   * @returns The size of all files before and after.
   * @throws {OpenMemoryError} `IO` if the disk fails or is full.
   * @example
   * ```ts
   * await om.deleteMemories({ filters: { user_id: 'ada' } })
   * const { bytes_after } = await om.compact()
   * ```
   */
  compact(): Promise<CompactSummary>

  /**
   * Waits until everything acknowledged so far is on disk. Only needed with `durability: 'interval'`.
   *
   * @returns A promise that resolves after the sync.
   * @throws {OpenMemoryError} `IO` if the disk fails or is full.
   * @example
   * ```ts
   * await om.flush()
   * ```
   */
  flush(): Promise<void>

  /**
   * Completes pending calls, syncs, and releases the directory or the connections. Idempotent. Later calls reject with
   * `CLOSED`, and so do calls that an `embed` function or a server has not answered within five seconds.
   *
   * @returns A promise that resolves when the store is closed.
   * @throws {OpenMemoryError} `IO` if the last sync fails.
   * @example
   * ```ts
   * await om.close()
   * ```
   */
  close(): Promise<void>

  /**
   * {@link close}, for `await using`.
   *
   * @returns A promise that resolves when the store is closed.
   * @throws {OpenMemoryError} As {@link close} does.
   * @example
   * ```ts
   * {
   *   await using scratch = new OpenMemory({ path: './scratch', embedder: 'test' })
   *   await scratch.addMemory({ content: 'gone from this process at the end of the block' })
   * }
   * ```
   */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Checks every file, record and index of a store that is not open, without changing it. With `repair` it fixes what it
 * finds: from the checkpoint and the redo log if they restore everything, otherwise by moving all intact memories into a
 * new store. The damaged files are kept in a directory next to it, and what is lost is listed.
 *
 * @param path The directory of the store.
 * @param options `repair` and `lockWaitMs`.
 * @returns What was found and repaired.
 * @throws {ValidationError} `INVALID_ARGUMENT` if there is no store in the directory.
 * @throws {OpenMemoryError} `LOCKED` while the store is open, also in this process; `FORMAT_UNSUPPORTED` for a store of
 * another version; `CORRUPTED` if nothing can be saved.
 * @example
 * ```ts
 * await om.backup('./to-check')
 * const { healthy, problems } = await doctor('./to-check')
 * if (!healthy) console.log(problems, (await doctor('./to-check', { repair: true })).repair)
 * ```
 */
export function doctor(path: string, options?: DoctorOptions): Promise<Diagnosis>

/**
 * Says whether an ONNX embedding model runs, how fast, and with which settings. It loads the model and tries it, which
 * takes seconds. Settings are read from the files that sentence-transformers writes beside a model
 * (`1_Pooling/config.json`, `config_sentence_transformers.json`); without them, known names such as bge-small-en count, and
 * else both ways of pooling are tried.
 *
 * @param model The `.onnx` file, or a folder that has `model.onnx` or `onnx/model.onnx`.
 * @param options Settings that are known better.
 * @returns `runs`, and what keeps it from running, or what was measured and the option `embedder` to use.
 * @throws {ValidationError} `INVALID_ARGUMENT` if an option is wrong, or a folder has no ONNX file or several.
 * @example
 * ```ts
 * const { embedder } = await checkModel('./bge-small-en-v1.5/onnx/model.onnx')
 * if (embedder) await new OpenMemory({ path: './by-that-model', embedder }).close()
 * ```
 */
export function checkModel(model: string, options?: CheckModelOptions): Promise<ModelCheck>

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
  | 'NO_LANGUAGE_MODEL'
  | 'LANGUAGE_MODEL_FAILED'
  | 'UNSUPPORTED'
  | 'INTERNAL'

/** Facts about a failure. Each error class says which ones it has. */
export type ErrorDetails = Record<string, JsonValue>

/** What an {@link OpenMemoryError} consists of, apart from its code and message. */
export interface ErrorProperties<D extends ErrorDetails = ErrorDetails> {
  /**
   * Default: whether a failure with this code is usually transient: `LOCKED`, `RATE_LIMITED`, `TIMEOUT`, `UNAVAILABLE`,
   * `IO` and `EMBEDDING_FAILED`.
   */
  retryable?: boolean
  details?: Partial<D>
  cause?: unknown
}

/** Every failure of this package. Its stack starts at the line that called the method. */
export class OpenMemoryError extends Error {
  constructor(code: ErrorCode, message: string, properties?: ErrorProperties)
  readonly code: ErrorCode
  /** The HTTP status that the server uses for the same failure. */
  readonly status: number
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** Facts about the failure, such as `{ field }`, `{ stored, embedder }` for `MODEL_MISMATCH`, or a proxy's `{ status }`. */
  readonly details: ErrorDetails
  readonly cause?: unknown
}

/** The `details` of a {@link ValidationError}. */
export type ValidationDetails = {
  /** What is wrong, as a path: `content`, `tags[2]`, `metadata.a.b`, `embedder.dimensions`. */
  field?: string
  /** The line of an imported file. */
  line?: number
  /** The status of a proxy that refused the request. */
  status?: number
}

/** The arguments are wrong, and nothing has changed. */
export class ValidationError extends OpenMemoryError {
  constructor(code: ValidationError['code'], message: string, properties?: ErrorProperties<ValidationDetails>)
  readonly code: 'MISSING_ID' | 'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED'
  readonly details: ValidationDetails
  /** The same as `details.field`. */
  readonly field: string | undefined
}

/** The `details` of an {@link AuthenticationError} and a {@link RateLimitError}. */
export type RefusalDetails = {
  /** The status of a proxy that refused the request. Absent: OpenMemory's server refused it. */
  status?: number
}

/** A server or a proxy in front of it got no key, an unknown one, or one that does not allow this call. */
export class AuthenticationError extends OpenMemoryError {
  constructor(code: AuthenticationError['code'], message: string, properties?: ErrorProperties<RefusalDetails>)
  readonly code: 'UNAUTHORIZED' | 'FORBIDDEN'
  readonly details: RefusalDetails
}

/** The `details` of a {@link NotFoundError}. */
export type NotFoundDetails = {
  id: string
  /** Present if the memory was deleted. */
  deleted?: true
  deleted_at?: string
  /** Of a deleted memory: its last version. Otherwise: the version that does not exist. */
  version?: number
  /** Who deleted the memory, and why. */
  actor?: string
  reason?: string
}

/** There is no such memory or version. */
export class NotFoundError extends OpenMemoryError {
  constructor(code: 'NOT_FOUND', message: string, properties?: ErrorProperties<NotFoundDetails>)
  readonly code: 'NOT_FOUND'
  readonly details: NotFoundDetails
}

/** The `details` of a {@link VersionConflictError}. */
export type VersionConflictDetails = {
  id: string
  /** The current version. */
  version: number
  /** The `ifVersion` of the call. Absent if the id was already taken. */
  expected?: number
}

/** The memory is not at the version that `ifVersion` names, or the id of a new memory is already taken. */
export class VersionConflictError extends OpenMemoryError {
  constructor(code: 'VERSION_CONFLICT', message: string, properties?: ErrorProperties<VersionConflictDetails>)
  readonly code: 'VERSION_CONFLICT'
  readonly details: VersionConflictDetails
  /** The same as `details.version`. */
  readonly version: number
}

/** The `details` of an {@link ImmutableMemoryError}. */
export type ImmutableMemoryDetails = { id: string }

/** The memory is immutable: delete it and add it again instead. */
export class ImmutableMemoryError extends OpenMemoryError {
  constructor(code: 'IMMUTABLE', message: string, properties?: ErrorProperties<ImmutableMemoryDetails>)
  readonly code: 'IMMUTABLE'
  readonly details: ImmutableMemoryDetails
}

/** The server received more requests than its rate limit allows. */
export class RateLimitError extends OpenMemoryError {
  constructor(code: 'RATE_LIMITED', message: string, properties?: ErrorProperties<RefusalDetails>)
  readonly code: 'RATE_LIMITED'
  readonly details: RefusalDetails
}

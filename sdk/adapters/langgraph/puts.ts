// How are the puts of LangGraph written? Those that a program makes at once as one batch, each with its own outcome.

import type { InvalidNamespaceError, PutOperation } from '@langchain/langgraph-checkpoint'
import type { ItemResult } from '../../../index'
import type { MemoryStore } from '../store'
import type { Items } from './items'

/** So that the engine commits one part of a large batch while it embeds the next. */
const WRITE_BATCH = 250

export type Outcome = { value: unknown } | { error: unknown }

/** Puts that are written together. */
interface Group {
  operations: PutOperation[]
  places: Set<string>
  outcomes: Promise<Outcome[]>
}

export class Puts {
  readonly #om: MemoryStore
  readonly #items: Items
  readonly #invalidNamespace: typeof InvalidNamespaceError
  /** What waits to be written. */
  #gathering: Group | undefined

  constructor(om: MemoryStore, items: Items, invalidNamespace: typeof InvalidNamespaceError) {
    this.#om = om
    this.#items = items
    this.#invalidNamespace = invalidNamespace
  }

  /**
   * Joins the puts that other calls make now: one batch of a thousand takes half the time of a thousand calls. A key that is
   * among them begins another group, which is written after this one, so that each call's put is a version, in their order.
   */
  async put(operations: PutOperation[]): Promise<Outcome[]> {
    const places = operations.map(placeOf)
    const joined = this.#gathering
    const isTwice = joined !== undefined && places.some((place) => joined.places.has(place))
    const group = joined === undefined || isTwice ? this.#gather(joined?.outcomes) : joined
    const begin = group.operations.length
    group.operations.push(...operations)
    for (const place of places) group.places.add(place)
    return (await group.outcomes).slice(begin, begin + operations.length)
  }

  /** Begins a group, which is written at the end of this turn, and after those before it. */
  #gather(before: Promise<unknown> = Promise.resolve()): Group {
    const operations: PutOperation[] = []
    const write = () => {
      if (this.#gathering === group) this.#gathering = undefined
      return this.#write(operations)
    }
    const outcomes = before.then(write, write)
    const group: Group = { operations, places: new Set(), outcomes }
    this.#gathering = group
    return group
  }

  /** Of several puts to one key the last one counts. The others are checked, too. */
  async #write(operations: PutOperation[]): Promise<Outcome[]> {
    const places = operations.map(placeOf)
    const last = new Map(places.map((place, at) => [place, at]))
    const counts = (at: number) => last.get(places[at] as string) === at
    const outcomes = operations.map((operation, at): Outcome => {
      try {
        this.#checkNamespace(operation.namespace)
        if (!counts(at) && !isDeletion(operation)) this.#items.memoryOf(operation)
        return { value: undefined }
      } catch (error) {
        return { error }
      }
    })
    const written = operations.filter((_, at) => counts(at) && 'value' in (outcomes[at] as Outcome))
    const failed = new Map<string, unknown>()
    await Promise.all([
      ...parts(written.filter(isDeletion)).map((some) => this.#delete(some, failed)),
      ...parts(written.filter((one) => !isDeletion(one))).map((some) => this.#add(some, failed)),
    ])
    return outcomes.map((outcome, at) => {
      const error = failed.get(places[at] as string)
      return error === undefined ? outcome : { error }
    })
  }

  async #delete(operations: PutOperation[], failed: Map<string, unknown>): Promise<void> {
    const ids = operations.map(({ namespace, key }) => this.#items.idOf(namespace, key))
    await noteFailures(this.#om.deleteMemories(ids), operations, failed, 'NOT_FOUND')
  }

  /** The engine works on one part while the next one is made. */
  async #add(operations: PutOperation[], failed: Map<string, unknown>): Promise<void> {
    const entries = operations.flatMap((operation) => {
      try {
        return [{ operation, memory: this.#items.memoryOf(operation) }]
      } catch (error) {
        failed.set(placeOf(operation), error)
        return []
      }
    })
    if (entries.length === 0) return
    const memories = entries.map(({ memory }) => memory)
    const added = entries.map(({ operation }) => operation)
    await noteFailures(this.#om.addMemories(memories, { onConflict: 'replace' }), added, failed)
  }

  /** `put` checks more; a batch may come from anywhere. */
  #checkNamespace(namespace: readonly string[]): void {
    if (namespace.length === 0) throw new this.#invalidNamespace('Namespace cannot be empty.')
    const wrong = namespace.find((label) => typeof label !== 'string' || label === '')
    if (wrong !== undefined) {
      throw new this.#invalidNamespace(`Namespace labels must be non-empty strings. Got '${wrong}' in ${namespace}`)
    }
  }
}

/** Never rejects: what is refused as a whole is noted for each of its operations, and others go on. */
async function noteFailures(
  writing: Promise<ItemResult<unknown>[]>,
  operations: readonly PutOperation[],
  failed: Map<string, unknown>,
  expected?: string,
): Promise<void> {
  try {
    for (const [at, result] of (await writing).entries()) {
      if (!result.ok && result.error.code !== expected) {
        failed.set(placeOf(operations[at] as PutOperation), result.error)
      }
    }
  } catch (error) {
    for (const operation of operations) failed.set(placeOf(operation), error)
  }
}

function placeOf({ namespace, key }: PutOperation): string {
  return JSON.stringify([namespace, key])
}

function isDeletion({ value }: PutOperation): boolean {
  return value === null
}

export function parts<T>(all: T[], size = WRITE_BATCH): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

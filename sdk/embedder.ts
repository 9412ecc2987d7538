// How does the addon call the user's embedding function, and how does an error of that function find its way back?

import type { FunctionEmbedder } from '../index'
import type { NativeEmbed } from './native'

/** How long a call may take where `timeoutMs` does not say: one that never answers would keep its place forever. */
const PATIENCE_MS = 120_000

/** Gives the vectors as one flat array, or rejects without letting a wrong one through. */
export function embedWith(embedder: FunctionEmbedder, patienceMs = PATIENCE_MS): NativeEmbed {
  return async (texts) => {
    try {
      return flatten(await answered(embedder.embed(texts), patienceMs), texts.length, embedder.dimensions)
    } catch (error) {
      throw new Error(remember(error))
    }
  }
}

async function answered<T>(answer: PromiseLike<T> | T, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`embed() did not answer within ${ms} ms`)), ms)
    // The calls that wait for vectors keep the process alive, not this.
    timer.unref()
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function flatten(vectors: unknown, count: number, dimensions: number): Float32Array {
  if (!Array.isArray(vectors)) throw new TypeError('embed() did not give an array of vectors')
  if (vectors.length !== count) throw new RangeError(`embed() gave ${vectors.length} vectors for ${count} texts`)
  const flat = new Float32Array(count * dimensions)
  // Through entries, which have the holes of an array too.
  for (const [index, vector] of vectors.entries()) {
    if (!isVector(vector)) throw new TypeError(`embed() gave no array of numbers for text ${index}`)
    if (vector.length !== dimensions) {
      throw new RangeError(`embed() gave a vector of ${vector.length} numbers for text ${index}, not ${dimensions}`)
    }
    for (let at = 0; at < dimensions; at++) {
      const value = vector[at]
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
        throw new RangeError(`embed() gave ${String(value)} at ${at} of the vector for text ${index}`)
      }
      flat[index * dimensions + at] = value
    }
  }
  return flat
}

function isVector(vector: unknown): vector is ArrayLike<unknown> {
  return Array.isArray(vector) || (ArrayBuffer.isView(vector) && 'length' in vector)
}

// Only text survives the way through the addon, so the message carries a ticket for the error itself. Any object of
// the process may get it back: objects on one directory share an engine, and concurrent writes share a call of embed.
const TICKET = /\[embed:(\d+)\] /
const KEPT = 256
const errors = new Map<number, unknown>()
let issued = 0

function remember(error: unknown): string {
  issued += 1
  errors.set(issued, error)
  errors.delete(issued - KEPT)
  return `[embed:${issued}] ${messageOf(error)}`
}

/** The message without its ticket, and the error that the ticket stands for. */
export function causeOf(message: string): { message: string; cause?: unknown } {
  const ticket = TICKET.exec(message)
  if (!ticket) return { message }
  return { message: message.replace(TICKET, ''), cause: errors.get(Number(ticket[1])) }
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : String(error)
}

// How does the addon call the user's embedding function? Its vectors are checked and passed on as one flat array.

import type { FunctionEmbedder } from '../../index'
import { ticketFor } from '../embed-errors'
import type { NativeEmbed } from './addon'

/** Used if `timeoutMs` is not set: a call that never answers would occupy its slot forever. */
const DEFAULT_TIMEOUT_MS = 120_000

/** Resolves to one flat array, or rejects if any vector is wrong. */
export function embedWith(embedder: FunctionEmbedder, timeoutMs = DEFAULT_TIMEOUT_MS): NativeEmbed {
  return async (texts, isQuery) => {
    try {
      const vectors = isQuery && embedder.embedQuery ? embedder.embedQuery(texts) : embedder.embed(texts)
      return flatten(await withinTimeout(vectors, timeoutMs), texts.length, embedder.dimensions)
    } catch (error) {
      throw new Error(ticketFor(error))
    }
  }
}

async function withinTimeout<T>(answer: PromiseLike<T> | T, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`embed() did not answer within ${ms} ms`)), ms)
    // Calls that wait for vectors keep the process alive; the timer must not.
    timer.unref()
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function flatten(vectors: unknown, count: number, dimensions: number): Float32Array {
  if (!Array.isArray(vectors)) throw new TypeError('embed() did not return an array of vectors')
  if (vectors.length !== count) throw new RangeError(`embed() returned ${vectors.length} vectors for ${count} texts`)
  const flat = new Float32Array(count * dimensions)
  // entries() includes the holes of a sparse array.
  for (const [index, vector] of vectors.entries()) {
    if (!isVector(vector)) throw new TypeError(`embed() did not return an array of numbers for text ${index}`)
    if (vector.length !== dimensions) {
      throw new RangeError(`embed() returned a vector of ${vector.length} numbers for text ${index}, not ${dimensions}`)
    }
    for (let at = 0; at < dimensions; at++) {
      const value = vector[at]
      if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
        throw new RangeError(`embed() returned ${String(value)} at index ${at} of the vector for text ${index}`)
      }
      flat[index * dimensions + at] = value
    }
  }
  return flat
}

function isVector(vector: unknown): vector is ArrayLike<unknown> {
  return Array.isArray(vector) || (ArrayBuffer.isView(vector) && 'length' in vector)
}

// How do all stores pay the same for embedding? They share an embedder: the shipped model in onnxruntime, one thread
// per call.
//
// Stores are filled with vectors from a file, because embedding 100 000 texts takes minutes. Where embedding is part of
// the measurement, `live` embeds each text.

import { Buffer } from 'node:buffer'
import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { onnxruntime } from './onnxruntime.mjs'
import { idsOf } from './texts.mjs'

const DIMENSIONS = 384
const BYTES = DIMENSIONS * 4

export class ModelEmbedder {
  dimensions = DIMENSIONS
  live = false
  #run
  #positions = new Map()

  /**
   * `id` names the model. Each entry of `known` has a file of vectors and their texts, in order. The file may have more
   * vectors than texts.
   */
  constructor(id, ...known) {
    this.id = id
    for (const { file, texts } of known) {
      const input = openSync(file, 'r')
      texts.forEach((text, position) => {
        this.#positions.set(text, { input, position })
      })
    }
  }

  /** Loads the model, which texts without a known vector need. */
  async load() {
    this.#run ??= await onnxruntime()
  }

  async embed(texts) {
    return Promise.all(texts.map((text) => this.#vectorOf(text)))
  }

  async #vectorOf(text) {
    const known = this.#positions.get(text)
    if (this.live || !known) {
      await this.load()
      return this.#run(idsOf(text))
    }
    const vector = new Float32Array(DIMENSIONS)
    readSync(known.input, vector, 0, BYTES, known.position * BYTES)
    return vector
  }
}

/** Appends the vectors of texts that the file does not have yet. */
export async function prepareVectors(file, texts, report) {
  mkdirSync(dirname(file), { recursive: true })
  let done = existsSync(file) ? Math.floor(statSync(file).size / BYTES) : 0
  if (done >= texts.length) return
  const run = await onnxruntime()
  const output = openSync(file, done === 0 ? 'w' : 'r+')
  try {
    while (done < texts.length) {
      const group = texts.slice(done, done + 64)
      const vectors = await Promise.all(group.map((text) => run(idsOf(text))))
      const bytes = Buffer.concat(vectors.map(({ buffer }) => new Uint8Array(buffer)))
      writeSync(output, bytes, 0, bytes.length, done * BYTES)
      done += group.length
      if (done % 6400 === 0 || done === texts.length) report(done)
    }
  } finally {
    closeSync(output)
  }
}

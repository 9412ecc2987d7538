// The child process of one store. It fills the store and runs measurements for its parent, or reopens the store.
// Results are sent as messages.

import { mkdirSync } from 'node:fs'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { memories } from '../memories.mjs'
import { ModelEmbedder } from '../model-embedder.mjs'
import { between, randomFrom } from '../random.mjs'
import { texts } from '../texts.mjs'

const K = 8
const IN_FLIGHT = 64
const USER = 'ada'
export const CORPUS = { seed: 7, user_id: USER, tokens: 20 }

/** The queries. */
export function searched() {
  const prose = texts(1)
  return Array.from({ length: 20 }, () => prose.next(12).text)
}

if (process.send) {
  const job = JSON.parse(process.argv[2])
  const { open, about } = await import(`./${job.store}.mjs`)
  mkdirSync(job.directory, { recursive: true })
  const { figures, turn } = await { fill, reopen }[job.task](open, job, about)
  process.on('message', async (asked) => process.send(await turn(asked)))
  process.send(figures)
  if (!turn) process.disconnect()
}

async function fill(open, { count, directory, model, vectors }) {
  const list = memories(count, CORPUS)
  const corpus = { file: vectors.corpus, texts: list.map(({ content }) => content) }
  const questions = searched()
  const embedder = new ModelEmbedder(model, corpus, { file: vectors.questions, texts: questions })
  await embedder.load()
  const store = await open(directory, embedder)
  const before = resident()
  const began = performance.now()
  for (let from = 0; from < count; from += 1000) await store.add(list.slice(from, from + 1000))
  await store.filled?.()
  const add = (count / (performance.now() - began)) * 1000
  const held = resident() - before

  const random = randomFrom(count)
  const prose = texts(count)
  const some = () => list[between(random, 0, count)].id
  let step = 0
  const work = {
    metadata: () => store.updateMetadata(some(), { status: `step ${++step}`, year: between(random, 2015, 2026) }),
    content: () => store.updateContent(some(), prose.next(CORPUS.tokens).text),
    async search() {
      const found = await store.search(questions[step++ % questions.length], USER, K)
      if (found.length !== Math.min(K, count)) throw new Error(`${found.length} found instead of ${K}`)
    },
  }
  return {
    figures: { add, held },
    async turn({ change, measure, inFlight, limit }) {
      // From here on every text is embedded.
      if (change === 'live') embedder.live = true
      if (change === 'embedItself') await store.embedItself?.()
      if (change === 'close') await store.close().then(() => setImmediate(() => process.disconnect()))
      if (!measure) return {}
      return inFlight ? { rate: await together(work[measure], limit) } : { times: await oneByOne(work[measure], limit) }
    },
  }
}

/** The time from opening to the first result, and the memory of the process a second later, when threads for opening have exited. */
async function reopen(open, { directory, model, vectors }, { embedsToSearch }) {
  const questions = searched()
  const embedder = new ModelEmbedder(model, { file: vectors.questions, texts: questions })
  // Otherwise without the model, whose memory varies by megabytes between processes.
  if (embedsToSearch) await embedder.load()
  const began = performance.now()
  const store = await open(directory, embedder)
  await store.search(questions[0], USER, K)
  const took = performance.now() - began
  await setTimeout(1000)
  const held = resident()
  await store.close()
  return { figures: { reopen: took, resident: held } }
}

function resident() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage.rss()
}

/** The duration of each in milliseconds. */
async function oneByOne(work, { count, seconds }) {
  const times = []
  const end = performance.now() + seconds * 1000
  while (times.length < count && (times.length === 0 || performance.now() < end)) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  return times
}

/** Operations per second with 64 in flight. */
async function together(work, { count, seconds }) {
  const began = performance.now()
  let [begun, done] = [0, 0]
  const worker = async () => {
    while (begun < count && performance.now() < began + seconds * 1000) {
      begun++
      await work()
      done++
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return (done / (performance.now() - began)) * 1000
}

// What depends on the size of the store? Searches and content updates with few and many memories of one user.
//
// The embedder looks vectors up, so that the model does not hide the difference. The total time of an update is this
// time plus that of the model, which is measured separately.

import { join } from 'node:path'
import { OpenMemory } from '../index.mjs'
import { embedOnly } from './content-updates.mjs'
import { memories, remember } from './memories.mjs'
import { inTurns, median, percentile, timed } from './rounds.mjs'
import { texts } from './texts.mjs'
import { clustered, DIMENSIONS } from './vectors.mjs'

const TOKENS = 30
const K = 8

export async function* measure({ directory, quick }) {
  const [few, some, many] = quick ? [100, 200, 400] : [1000, 10_000, 100_000]
  const rounds = quick ? 5 : 201
  const vectors = clustered(1)
  const known = new Map()
  const vectorOf = (text) => known.get(text) ?? known.set(text, vectors.next()).get(text)
  const embedder = { id: 'known-vectors', dimensions: DIMENSIONS, embed: (asked) => asked.map(vectorOf) }
  const opened = []
  const filled = async (count) => {
    const om = new OpenMemory({ path: join(directory, `scale-${count}`), embedder })
    opened.push(om)
    await remember(om, memories(count, { seed: 2, user_id: 'ada', tokens: TOKENS }))
    return om
  }
  try {
    const stores = { few: await filled(few), some: await filled(some), many: await filled(many) }
    for (const [count, om, below] of [
      [some, stores.some, 1.5],
      [many, stores.many, 6],
    ]) {
      const times = await searches(om, vectorOf, rounds)
      const alone = await searches(om, vectorOf, rounds, 'nobody')
      yield {
        measure: `search over ${count.toLocaleString('en')} memories, p50`,
        unit: 'ms',
        ours: median(times),
        other: median(alone),
        than: 'finding nothing',
        goal: { below },
        note: `p95 ${percentile(times, 0.95).toFixed(2)} ms`,
      }
    }
    const prose = texts(3)
    let turn = 0
    const update = (om, count) => () => {
      turn += 1
      const { text } = prose.next(TOKENS)
      vectorOf(text)
      return timed(() => om.updateMemory(`ada-${(turn * 7919) % count}`, { content: text }))
    }
    const updated = await inTurns({ rounds, ours: update(stores.many, many), other: update(stores.few, few) })
    const measure = `content update among ${many.toLocaleString('en')}`
    const than = `among ${few.toLocaleString('en')}`
    yield { measure: `${measure}, without the model`, unit: 'ms', ...updated, than }
    const model = await embedding(directory, rounds)
    const [ours, other] = [updated.ours + model, updated.other + model]
    yield { measure, unit: 'ms', ours, other, ratio: ours / other, than, goal: { atMost: 1.1 } }
  } finally {
    for (const om of opened) await om.close()
  }
}

/** The durations of searches for `user` with queries that share words with the memories. */
async function searches(om, vectorOf, rounds, user = 'ada') {
  const prose = texts(4)
  const times = []
  for (let round = 0; round < rounds; round++) {
    const query = prose.next(10).text
    vectorOf(query)
    times.push(await timed(() => om.searchMemories(query, { limit: K, filters: { user_id: user } })))
  }
  return times
}

/** How long the shipped model takes for a text. */
async function embedding(directory, rounds) {
  const om = new OpenMemory({ path: join(directory, 'scale-model') })
  try {
    await om.addMemory({ content: 'Somebody is there.', user_id: 'ada' })
    const prose = texts(5)
    const times = []
    for (let round = 0; round < Math.min(rounds, 51); round++) {
      times.push(await timed(() => embedOnly(om, prose.next(TOKENS).text)))
    }
    return median(times)
  } finally {
    await om.close()
  }
}

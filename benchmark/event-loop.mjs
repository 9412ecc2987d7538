// Does a process stay responsive while it updates? Measures how late a 5 ms timer is, with and without content updates.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenMemory } from '../index.mjs'
import { memories, remember } from './memories.mjs'
import { percentile } from './rounds.mjs'
import { texts } from './texts.mjs'

const PERIOD = 5
const TOKENS = 30

export async function* measure({ directory, quick }) {
  const count = quick ? 20 : 200
  const om = new OpenMemory({ path: join(directory, 'event-loop'), durability: 'flush' })
  const prose = texts(3)
  const list = memories(count, { seed: 4, user_id: 'ada', tokens: TOKENS })
  const updates = () => {
    const change = ({ id }) => om.updateMemory(id, { content: prose.next(TOKENS).text })
    return Promise.all(list.map(change))
  }
  try {
    await remember(om, list)
    await updates()
    yield await lateTimers(`${count} content updates`, updates, quick ? 1 : 5, { below: 10 })
  } finally {
    await om.close()
  }
}

/** The lateness of timers while `work` runs, compared with an idle process. */
export async function lateTimers(what, work, rounds, goal) {
  const [busy, idle] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const { late, took } = await lateness(work)
    busy.push(...late)
    idle.push(...(await lateness(() => sleep(took))).late)
  }
  const of = (values) => [0.5, 0.99, 1].map((at) => percentile(values, at).toFixed(1)).join(', ')
  return {
    measure: `timer lateness at p99 during ${what}`,
    unit: 'ms',
    ours: percentile(busy, 0.99),
    other: percentile(idle, 0.99),
    than: 'the same timer, idle',
    goal,
    note: `p50, p99, max: ${of(busy)} of ${busy.length} ticks; idle ${of(idle)}`,
  }
}

/** The lateness of each tick in milliseconds while `work` ran, and the duration of `work`. */
async function lateness(work) {
  const late = []
  let due = performance.now() + PERIOD
  let timer = setTimeout(tick, PERIOD)
  function tick() {
    const now = performance.now()
    late.push(Math.max(0, now - due))
    due = now + PERIOD
    timer = setTimeout(tick, PERIOD)
  }
  const begin = performance.now()
  await work()
  clearTimeout(timer)
  const now = performance.now()
  // A tick that is overdue when the work ends counts too.
  if (now > due) late.push(now - due)
  return { late, took: now - begin }
}

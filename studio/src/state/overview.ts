// What does the overview show? Counts by facets, day by day, and what is most and least present among what was changed last
// and first.

import { facets, list, stats } from '../api/memories'
import type { Facets, Filters, Memory, Stats } from '../api/types'
import type { Day } from '../components/plots'

export const DAYS = 30
/** Memories whose salience is compared, from each end. */
const LOOKED_AT = 1000
const SHOWN = 8

export interface Glance {
  stats?: Stats
  sectors?: Facets
  users?: Facets
  tags?: Facets
  created?: Day[]
  changed?: Day[]
  present?: Memory[]
  faded?: Memory[]
}

/** Reports each part as soon as it is there. */
export async function glance(report: (part: Glance) => void, signal: AbortSignal): Promise<void> {
  await Promise.all([
    stats(signal).then((stats) => report({ stats })),
    facets('primary_sector', {}, signal).then((sectors) => report({ sectors })),
    facets('user_id', { limit: SHOWN }, signal).then((users) => report({ users })),
    facets('tags', { limit: SHOWN }, signal).then((tags) => report({ tags })),
  ])
  report({ created: await perDay('created_at', signal) })
  report({ changed: await perDay('updated_at', signal) })
  const [newest, oldest] = await Promise.all([
    list({ order: 'updated_at:desc', limit: LOOKED_AT }, signal),
    list({ order: 'updated_at:asc', limit: LOOKED_AT }, signal),
  ])
  const all = [...new Map([...newest.items, ...oldest.items].map((memory) => [memory.id, memory])).values()]
  all.sort((one, other) => other.salience - one.salience)
  report({ present: all.slice(0, SHOWN), faded: all.slice(-SHOWN).reverse() })
}

/** Every memory has one primary sector, so its facets count memories. Spans without any are not asked about again. */
async function perDay(field: 'created_at' | 'updated_at', signal: AbortSignal): Promise<Day[]> {
  const today = new Date()
  today.setHours(0, 0, 0, 0)
  const day = (ago: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - ago)
  const days: Day[] = Array.from({ length: DAYS }, (_, at) => ({ day: day(DAYS - 1 - at), count: 0 }))
  const count = async (from: number, to: number) => {
    const end = days[to] ? (days[to] as Day).day : day(-1)
    const filters: Filters = { [field]: { gte: (days[from] as Day).day.toISOString(), lt: end.toISOString() } }
    const { values } = await facets('primary_sector', { filters }, signal)
    return values.reduce((sum, { count }) => sum + count, 0)
  }
  const fill = async (from: number, to: number, known: number): Promise<void> => {
    if (known === 0) return
    if (to - from === 1) {
      ;(days[from] as Day).count = known
      return
    }
    const middle = (from + to) >> 1
    const left = await count(from, middle)
    await fill(from, middle, left)
    await fill(middle, to, known - left)
  }
  await fill(0, DAYS, await count(0, DAYS))
  return days
}

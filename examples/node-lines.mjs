// What was the state of every Node.js line on a given day? Computed from node-releases.json, which
// scripts/demo-data.mjs writes from the npm package `node-releases`.

import { readFileSync } from 'node:fs'

const data = JSON.parse(readFileSync(new URL('node-releases.json', import.meta.url), 'utf8'))
const { schedule } = data
const releases = data.releases.map(([version, date]) => ({ version, date }))

/** The package that the data comes from: `{ name, version, license }`. */
export const { source } = data

/** The states of a line, in order; `begins` is the key of the start date in its schedule. Some lines skip states. */
const STATES = [
  { begins: 'alpha', state: 'Alpha', phrase: 'is in Alpha' },
  { begins: 'start', state: 'Current', phrase: 'is the Current line, where new features land,' },
  { begins: 'lts', state: 'Active LTS', phrase: 'is the Active LTS line' },
  { begins: 'maintenance', state: 'Maintenance', phrase: 'is in Maintenance' },
  { begins: 'end', state: 'End-of-life', phrase: 'is end-of-life' },
]

/** The lines that had started by `day` (`YYYY-MM-DD`), oldest first, each as a memory to add. */
export function linesOn(day) {
  return begunBy(day).map(([line, dates]) => memoryOf(line, dates, day))
}

/** The first day after `day` on which one of its lines changes state: `{ line, day }`, or undefined. */
export function nextChange(day) {
  const changes = begunBy(day).flatMap(([line, dates]) => STATES.map(({ begins }) => ({ line, day: dates[begins] })))
  return changes.filter((change) => change.day > day).sort((a, b) => (a.day < b.day ? -1 : 1))[0]
}

function begunBy(day) {
  const lines = Object.entries(schedule).filter(([, dates]) => (dates.alpha ?? dates.start) <= day)
  return lines.map(([name, dates]) => [name.slice(1), dates])
}

function memoryOf(line, dates, day) {
  const states = STATES.filter(({ begins }) => dates[begins])
  const now = states.findLastIndex(({ begins }) => dates[begins] <= day)
  const { begins, state, phrase } = states[now]
  const supported = begins !== 'end'
  const latest = latestOn(line, day)

  const subject = dates.codename ? `Node.js ${line} (${dates.codename})` : `Node.js ${line}`
  const sentences = [`${subject} ${phrase} ${supported ? span(dates, begins, states[now + 1].begins) : since(dates)}.`]
  if (latest) sentences.push(`Its latest feature release is ${latest}.`)
  return {
    content: sentences.join(' '),
    tags: ['nodejs', state.toLowerCase().replace(' ', '-'), supported ? 'supported' : 'unsupported'],
    metadata: { line, state, ...dates, ...(latest && { latest }) },
  }
}

function span(dates, from, to) {
  if (to === 'end') return `from ${dates[from]} until its end of life on ${dates.end}`
  return `from ${dates[from]} to ${dates[to]}, and supported until ${dates.end}`
}

function since(dates) {
  return `since ${dates.end}: it is no longer supported`
}

function latestOn(line, day) {
  const own = releases.filter(({ version, date }) => version.startsWith(`${line}.`) && date <= day)
  return own.sort((a, b) => (a.date < b.date ? -1 : 1)).at(-1)?.version
}

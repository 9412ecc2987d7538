// How are the figures of the stores presented? As Markdown tables, one per size.

import { readFileSync } from 'node:fs'
import process from 'node:process'

export const FIGURES = [
  { key: 'add', title: 'add, 1000 at a time', unit: '/s', more: true },
  { key: 'metadata', title: 'metadata update', unit: 'ms' },
  { key: 'metadata64', title: 'metadata updates, 64 in flight', unit: '/s', more: true },
  { key: 'content', title: 'content update', unit: 'ms' },
  { key: 'contentFunction', title: 'content update, its model in onnxruntime too', unit: 'ms' },
  { key: 'content64', title: 'content updates, 64 in flight', unit: '/s', more: true },
  { key: 'search', title: 'search, 8 nearest', unit: 'ms' },
  { key: 'reopen', title: 'open to first answer', unit: 'ms' },
  { key: 'memory', title: 'resident per memory', unit: 'KB', scale: 1000 },
  { key: 'disk', title: 'on disk per memory', unit: 'KB', scale: 1000 },
]

/** The versions of the compared packages. */
export async function about(stores) {
  const versions = { node: process.versions.node }
  for (const store of stores) {
    const { name, source } = (await import(`./${store}.mjs`)).about
    versions[name] = JSON.parse(readFileSync(new URL(`../${source}`, import.meta.url), 'utf8')).version
  }
  return versions
}

export function tables({ stores: _where, ...facts }, results, sizes, stores) {
  const said = Object.entries(facts).map(([name, value]) => `${name}: ${value}`)
  return [['```text', ...said, '```'].join('\n'), ...sizes.map((count) => table(count, results, stores))].join('\n\n')
}

function table(count, results, stores) {
  const of = (store) => results.find((result) => result.store === store && result.count === count)
  const rows = FIGURES.map((figure) => {
    const cells = stores.map((store) =>
      cell(figure, of(store)[figure.key], of(stores[0])[figure.key], store !== stores[0]),
    )
    return [figure.title, ...cells]
  })
  const head = [`${count.toLocaleString('en')} memories`, ...stores]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** The page of a run in docs/benchmarks, with its plots. */
export function page(date, report) {
  const head = [
    `# Stores, ${date}`,
    '',
    'Written by `npm run bench -- --docs`.',
    '[What is compared and measured](../README.md#stores).',
    "A ratio in parentheses says how many times worse than this package's a figure is; below 1 is better.",
  ]
  const plots = FIGURES.map(({ key, title }) => `![${title}](${key}.svg)`)
  return [...head, '', report, '', '## Plots', '', ...plots, ''].join('\n')
}

/** The goals of this package, and whether it meets them. */
export function goals(results) {
  const of = (store, count) => results.find((result) => result.store === store && result.count === count)
  const lines = []
  const say = (goal, figure, met) => lines.push(`- ${goal}: ${figure}, ${met ? 'met' : 'missed'}`)
  for (const { count, ...ours } of results.filter(({ store }) => store === 'openmemory')) {
    const at = `${count.toLocaleString('en')} memories`
    const [mem0, sqlite] = [of('mem0', count), of('sqlite-vec', count)]
    if (mem0) {
      const times = mem0.metadata / ours.metadata
      say(`metadata update at ${at}, at least 10 times faster than mem0`, `${number(times)}×`, times >= 10)
    }
    const others = results.filter((result) => result.count === count && result.store !== 'openmemory')
    if (others.length > 0) {
      const times = Math.min(...others.map(({ content }) => content)) / ours.content
      say(`content update at ${at}, as fast as the fastest of the others`, `${number(times)}×`, times >= 1)
    }
    if (sqlite && count === 10_000) {
      const times = sqlite.search / ours.search
      say(`search at ${at}, at least 10 times faster than sqlite-vec`, `${number(times)}×`, times >= 10)
    }
    // With fewer memories, the variation between processes is larger than this.
    if (count >= 10_000) {
      say(`resident per memory at ${at}, below 2.5 KB`, `${number(ours.memory / 1000)} KB`, ours.memory < 2500)
    }
  }
  return lines.join('\n')
}

/** The figure, and how many times worse it is than that of the first store: below 1 is better. */
function cell({ unit, scale = 1, more }, value, first, compared) {
  if (value === undefined) return '–'
  const ratio = more ? first / value : value / first
  const shown = `${number(value / scale)} ${unit}`
  return compared && Number.isFinite(ratio) && ratio > 0 ? `${shown} (${number(ratio)}×)` : shown
}

export function number(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

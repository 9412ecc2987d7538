// How do the figures depend on the number of memories? One SVG per figure, with logarithmic axes.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FIGURES, number } from './stores/report.mjs'

const WIDTH = 640
const HEIGHT = 360
const AREA = { left: 70, right: 190, top: 40, bottom: 40 }
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00']

export function drawPlots(folder, { results, sizes, stores, facts }) {
  mkdirSync(folder, { recursive: true })
  for (const figure of FIGURES) {
    const lines = stores.map((store, at) => ({
      name: store,
      colour: COLOURS[at % COLOURS.length],
      points: results
        .filter((result) => result.store === store && result[figure.key] > 0)
        .map((result) => [result.count, result[figure.key] / (figure.scale ?? 1)]),
    }))
    writeFileSync(join(folder, `${figure.key}.svg`), draw(figure, lines, sizes, facts))
  }
}

function draw({ title, unit, more }, lines, sizes, { machine }) {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value))
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.001))
  const x = position(Math.min(...sizes), Math.max(...sizes), AREA.left, WIDTH - AREA.right)
  const y = position(low, high, HEIGHT - AREA.bottom, AREA.top)
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(AREA.left, 18, `${title}, ${unit}: ${more ? 'higher' : 'lower'} is better`, 'font-weight="bold"'),
    text(AREA.left, HEIGHT - 6, `memories; ${machine}`, 'fill="#555"'),
  ]
  for (let value = low; value <= high * 1.001; value *= 10) {
    parts.push(`<path d="M${AREA.left} ${y(value)}H${WIDTH - AREA.right}" stroke="#ddd"/>`)
    parts.push(
      text(
        AREA.left - 8,
        y(value) + 4,
        value < 1 ? String(Number(value.toPrecision(1))) : value.toLocaleString('en'),
        'text-anchor="end"',
      ),
    )
  }
  for (const size of sizes)
    parts.push(text(x(size), HEIGHT - AREA.bottom + 16, size.toLocaleString('en'), 'text-anchor="middle"'))
  const ends = spread(
    lines.filter(({ points }) => points.length > 0).map((line) => ({ ...line, at: y(line.points.at(-1)[1]) })),
  )
  for (const { name, colour, points, at } of ends) {
    const path = points.map(([count, value]) => `${x(count)},${y(value)}`).join(' ')
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    for (const [count, value] of points)
      parts.push(`<circle cx="${x(count)}" cy="${y(value)}" r="3" fill="${colour}"/>`)
    parts.push(text(WIDTH - AREA.right + 10, at + 4, `${name} ${number(points.at(-1)[1])}`, `fill="${colour}"`))
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">\n${parts.join('\n')}\n</svg>\n`
}

/** Returns a function from a value to its position on a logarithmic axis. */
function position(low, high, from, to) {
  const length = Math.log(high / low) || 1
  return (value) => Math.round((from + (Math.log(value / low) / length) * (to - from)) * 10) / 10
}

/** Moves the labels at the ends of lines apart. */
function spread(lines) {
  const sorted = [...lines].sort((one, other) => one.at - other.at)
  let above = Number.NEGATIVE_INFINITY
  for (const line of sorted) {
    line.at = Math.max(line.at, above + 15)
    above = line.at
  }
  return sorted
}

function text(x, y, content, more = '') {
  return `<text x="${x}" y="${y}" ${more}>${content.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text>`
}

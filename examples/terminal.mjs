// How does the demo format its output? As headings with durations, tables and changes, in color on a terminal.

import process from 'node:process'

const coloured = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)
const WIDTH = 92

export const bold = paint(1)
export const dim = paint(2)
export const green = paint(32)

export function say(text = '') {
  console.log(text)
}

/** Prints the heading of a step, with the call and its duration on the right. */
export function heading(title, call, ms) {
  const time = `${call}, ${duration(ms)}`
  say(`\n${bold(title)}${dim(time.padStart(WIDTH - title.length))}`)
}

export function duration(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

/** Prints rows in aligned columns. The first row is the header. */
export function table([heads, ...rows]) {
  const widths = heads.map((_, at) => Math.max(...[heads, ...rows].map((row) => row[at].length)))
  const line = (row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('   ')
      .trimEnd()
  say(dim(`  ${line(heads)}`))
  for (const row of rows) say(`  ${line(row)}`)
}

/** Prints the change of one field: its old and its new value. */
export function change({ field, from, to }) {
  const [before, after] = [from, to].map((value) => (Array.isArray(value) ? value.join(', ') : String(value ?? '–')))
  const name = `     ${field.padEnd(16)}`
  if (before.length + after.length < WIDTH - 25) return say(`${name} ${before} → ${green(after)}`)
  say(`${name} ${cut(before, WIDTH - 24)}`)
  say(`${''.padEnd(name.length - 2)} → ${green(cut(after, WIDTH - 24))}`)
}

/** The text, truncated to `width`. */
export function cut(text, width = WIDTH - 2) {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

/** Runs `work`; resolves to its result and its duration in milliseconds. */
export async function timed(work) {
  const start = performance.now()
  const result = await work()
  return [result, performance.now() - start]
}

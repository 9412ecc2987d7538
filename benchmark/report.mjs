// What are the results, and where were they measured?

import { readFileSync, statfsSync } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { names, versionOf } from './comparators.mjs'

const TMPFS = 0x01021994

export function machine(directory) {
  const cpus = os.cpus()
  const inMemory = statfsSync(directory).type === TMPFS ? ', in memory: nothing is ever synced, use --dir' : ''
  return {
    machine: `${cpus.length} × ${cpus[0]?.model.trim() ?? process.arch}, ${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    load: os
      .loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    stores: `${directory}${inMemory}`,
  }
}

export function versions() {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const compared = names.map((name) => [name, versionOf(name)])
  return { node: process.versions.node, [name]: version, ...Object.fromEntries(compared) }
}

export function table(measures) {
  const notes = [...new Set(measures.map(({ note }) => note).filter(Boolean))]
  const rows = measures.map((row) => [
    row.measure,
    `${number(row.ours)} ${row.unit}`,
    `${number(row.other)} ${row.unit}`,
    row.than,
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)}×`,
    ...verdict(row),
    row.note ? `${notes.indexOf(row.note) + 1}` : '',
  ])
  const all = [['measure', 'ours', 'other', 'other is', 'ratio', 'goal', '', 'note'], ...rows]
  const widths = all[0].map((_, at) => Math.max(...all.map((row) => row[at].length)))
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  return [...lines, ...notes.map((note, index) => `${index === 0 ? '\n' : ''}${index + 1}: ${note}`)].join('\n')
}

function verdict({ ours, ratio, goal }) {
  if (goal?.atMost !== undefined) return [`≤ ${goal.atMost}×`, verdictText(ratio <= goal.atMost)]
  if (goal?.atLeast !== undefined) return [`≥ ${goal.atLeast}×`, verdictText(ratio >= goal.atLeast)]
  if (goal?.below !== undefined) return [`< ${goal.below} ms`, verdictText(ours < goal.below)]
  return ['', '']
}

function verdictText(met) {
  return met ? 'met' : 'missed'
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 10 ? 1 : 2)
}

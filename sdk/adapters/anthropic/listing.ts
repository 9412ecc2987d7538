// What does Claude see of a directory? Two levels of names with their sizes, without hidden ones.

import type { File } from './files'

const LEVELS = 2
const UNITS = ['B', 'K', 'M', 'G']

export function listing(directory: string, files: File[]): string {
  const sizes = new Map<string, number>()
  let total = 0
  for (const { path, text } of files) {
    const labels = path.slice(directory.length + 1).split('/')
    const size = new TextEncoder().encode(text).length
    total += size
    // A hidden directory hides what is in it.
    for (let depth = 1; depth <= Math.min(LEVELS, labels.length) && !isHidden(labels[depth - 1]); depth++) {
      const name = labels.slice(0, depth).join('/') + (depth < labels.length ? '/' : '')
      sizes.set(name, (sizes.get(name) ?? 0) + size)
    }
  }
  const lines = [...sizes].sort(([one], [other]) => (one < other ? -1 : 1))
  return [
    `Here're the files and directories up to 2 levels deep in ${directory}, excluding hidden items and node_modules:`,
    `${sizeText(total)}\t${directory}`,
    ...lines.map(([name, size]) => `${sizeText(size)}\t${directory}/${name}`),
  ].join('\n')
}

function isHidden(label: string | undefined): boolean {
  return label === undefined || label.startsWith('.') || label === 'node_modules'
}

function sizeText(bytes: number): string {
  if (bytes === 0) return '0B'
  const unit = Math.floor(Math.log(bytes) / Math.log(1024))
  const size = bytes / 1024 ** unit
  return (Number.isInteger(size) ? String(size) : size.toFixed(1)) + UNITS[unit]
}

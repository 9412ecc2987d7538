// How are results shown to people? In color, on terminals only.

import { styleText } from 'node:util'
import type { Memory, MemoryMatch, MemoryVersion, ScorePart } from '../../index'
import type { Call } from './command'

type Say = Pick<Call, 'say'>
type Style = 'bold' | 'dim' | 'green' | 'red'

export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  // Node 18 has no styleText.
  return stream.isTTY && !process.env.NO_COLOR && styleText ? styleText(style, text) : text
}

export function show(memory: Memory, call: Say): void {
  const { id, version, tags, metadata, primary_sector, updated_at } = memory
  call.say(`${styled('bold', id)}  ${styled('dim', `version ${version}, ${primary_sector}, ${updated_at}`)}`)
  if (memory.content !== '') call.say(indented(memory.content))
  if (tags.length > 0) call.say(`  ${styled('dim', 'tags')} ${tags.join(', ')}`)
  if (Object.keys(metadata).length > 0) call.say(`  ${styled('dim', 'metadata')} ${JSON.stringify(metadata)}`)
}

export function showMatch(match: MemoryMatch, call: Say): void {
  call.say(`${styled('green', match.score.toFixed(3))}  ${styled('bold', match.id)}`)
  call.say(indented(match.content))
  if (match.explain) explain(match, match.explain, call)
}

/** The parts of a score, largest first. The score is a function of their sum. */
function explain({ id, score, similarity, path }: MemoryMatch, parts: Record<string, ScorePart>, call: Say): void {
  const terms = Object.entries(parts).map(([name, { value, weight }]) => ({
    name,
    value,
    weight,
    adds: value * weight,
  }))
  terms.sort((a, b) => Math.abs(b.adds) - Math.abs(a.adds))
  const sum = terms.reduce((sum, { adds }) => sum + adds, 0)
  for (const { name, value, weight, adds } of terms.filter(({ adds }) => adds !== 0)) {
    call.say(`    ${signed(adds)}  ${name.padEnd(15)} ${styled('dim', `${value.toFixed(3)} × ${weight.toFixed(2)}`)}`)
  }
  call.say(`    ${signed(sum)}  ${'sum'.padEnd(15)} gives a score of ${score.toFixed(3)}`)
  const nothing = terms.filter(({ adds }) => adds === 0).map(({ name }) => name)
  if (nothing.length > 0) call.say(`    ${styled('dim', `no effect: ${nothing.join(', ')}`)}`)
  const by = path.filter((step) => step !== id)
  call.say(
    `    ${styled('dim', `similarity ${similarity.toFixed(3)}${by.length > 0 ? `, through ${by.join(', ')}` : ''}`)}`,
  )
}

function signed(number: number): string {
  return `${number < 0 ? '-' : '+'}${Math.abs(number).toFixed(2)}`.padStart(7)
}

export function showVersion(version: MemoryVersion, call: Say): void {
  const { event, actor, reason, changes } = version
  const why = [actor && `by ${actor}`, reason].filter(Boolean).join(': ')
  call.say(`${styled('bold', `version ${version.version}`)}  ${event}  ${styled('dim', version.updated_at)}  ${why}`)
  if (changes.length === 0) call.say(indented(version.content))
  for (const { field, from, to } of changes) call.say(`  ${field}: ${shown(from)} → ${shown(to)}`)
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}

function indented(content: string): string {
  return content.replace(/^/gm, '  ')
}

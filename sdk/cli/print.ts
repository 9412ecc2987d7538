// How do people see results? In colours on terminals only.

import { styleText } from 'node:util'
import type { Memory, MemoryMatch, MemoryVersion } from '../../index'
import type { Call } from './command'

type Style = 'bold' | 'dim' | 'green' | 'red'

export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  // Node 18 has no styleText.
  return stream.isTTY && !process.env.NO_COLOR && styleText ? styleText(style, text) : text
}

export function show(memory: Memory, call: Pick<Call, 'say'>): void {
  const { id, version, tags, metadata, primary_sector, updated_at } = memory
  call.say(`${styled('bold', id)}  ${styled('dim', `version ${version}, ${primary_sector}, ${updated_at}`)}`)
  call.say(indented(memory.content))
  if (tags.length > 0) call.say(`  ${styled('dim', 'tags')} ${tags.join(', ')}`)
  if (Object.keys(metadata).length > 0) call.say(`  ${styled('dim', 'metadata')} ${JSON.stringify(metadata)}`)
}

export function showMatch(match: MemoryMatch, call: Pick<Call, 'say'>): void {
  call.say(`${styled('green', match.score.toFixed(3))}  ${styled('bold', match.id)}`)
  call.say(indented(match.content))
}

export function showVersion(version: MemoryVersion, call: Pick<Call, 'say'>): void {
  const { event, actor, reason, changes } = version
  const why = [actor && `by ${actor}`, reason].filter(Boolean).join(': ')
  call.say(`${styled('bold', `version ${version.version}`)}  ${event}  ${styled('dim', version.updated_at)}  ${why}`)
  if (changes.length === 0) call.say(indented(version.content))
  for (const { field, from, to } of changes) call.say(`  ${field}: ${told(from)} → ${told(to)}`)
}

function told(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value)
}

function indented(content: string): string {
  return content.replace(/^/gm, '  ')
}

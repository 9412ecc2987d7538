// How are operations of a learning shown to a person? As a diff, with the words that they rest on.

import type { LearnedOperation, Learning } from '../../index'
import type { Call } from './command'
import { styled } from './print'

type Say = Pick<Call, 'say'>

export function showLearning(learning: Learning, call: Say): void {
  const { id, status, model, created_at, usage } = learning
  const requests = usage.calls === 1 ? '1 request' : `${usage.calls} requests`
  call.say(`${styled('bold', id)}  ${status}  ${styled('dim', `${created_at}, ${model}, ${requests}`)}`)
  for (const [place, operation] of learning.operations.entries()) showOperation(place, operation, call)
  if (learning.error) call.say(`  ${styled('red', `${learning.error.why}: ${learning.error.message}`)}`)
}

export function showOperation(place: number, learned: LearnedOperation, call: Say): void {
  const quotes = learned.quotes.map(({ text }) => JSON.stringify(text)).join(', ')
  const why = learned.error ? styled('red', `${learned.error.code}: ${learned.error.message}`) : learned.state
  call.say(`  ${place}  ${change(learned)}  ${styled('dim', quotes)}  ${why}`)
}

function change({ operation, before }: LearnedOperation): string {
  switch (operation?.op) {
    case 'add':
      return `${styled('green', '+')} ${operation.content}${dates(operation)}`
    case 'update':
      return `${styled('dim', '~')} ${before ?? operation.id} → ${operation.content}${dates(operation)}`
    case 'retire':
      return `${styled('red', '-')} ${before ?? operation.id}  ${operation.why}${dates(operation)}`
    case 'merge':
      return `${styled('dim', '&')} ${before ?? operation.id} and ${operation.from.length} more → ${operation.content}`
    case 'keep':
      return `= ${before ?? operation.id}`
    default:
      return '? (not understood, or its memory was deleted)'
  }
}

function dates({ valid_from, valid_to }: { valid_from?: string; valid_to?: string }): string {
  return `${valid_from ? `  since ${valid_from}` : ''}${valid_to ? `  until ${valid_to}` : ''}`
}

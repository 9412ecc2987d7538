// How does the command line spell a field that the SDK rejected? As the option or argument that sets it.

import type { OpenMemoryError } from '../errors'
import type { Command } from './command'
import { flagsOf } from './parse'

/** Options whose name is not the field's name with dashes. */
const SPELLING: Record<string, string> = {
  tags: 'tag',
  user_id: 'user',
  agent_id: 'agent',
  app_id: 'app',
  run_id: 'run',
  expires_at: 'expires',
  filters: 'filter',
  sectors: 'sector',
  showExpired: 'expired',
  showRetired: 'retired',
}

/** Positional arguments. */
const WORDS: Record<string, string> = { content: 'TEXT', query: 'QUERY', id: 'ID', file: 'FILE', dir: 'DIR' }

/** The message, with the field as the user typed it. */
export function spelled({ message, details: { field } }: OpenMemoryError, command: Command): string {
  if (typeof field !== 'string' || !message.startsWith(field) || !/^[ :]/.test(message.slice(field.length))) {
    return message
  }
  const option = SPELLING[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const given = option in flagsOf(command) ? `--${option}` : (WORDS[field] ?? field)
  return given + message.slice(field.length)
}

// How does the command line spell the field that the SDK refused? As the option or the word that holds it.

import type { OpenMemoryError } from '../errors'
import type { Command } from './command'
import { flagsOf } from './parse'

/** Where the option is not simply the field's name with dashes. */
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
}

/** Words that are no options. */
const WORDS: Record<string, string> = { content: 'TEXT', query: 'QUERY', id: 'ID', file: 'FILE', dir: 'DIR' }

/** The message, with the field as it was given. */
export function spelled({ message, details: { field } }: OpenMemoryError, command: Command): string {
  if (typeof field !== 'string' || !message.startsWith(field) || !/^[ :]/.test(message.slice(field.length))) {
    return message
  }
  const option = SPELLING[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const given = option in flagsOf(command) ? `--${option}` : (WORDS[field] ?? field)
  return given + message.slice(field.length)
}

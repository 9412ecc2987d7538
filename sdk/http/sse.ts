// How are server-sent events parsed? As lines with fields, and a blank line after each event.

import { textLines } from './json-lines'
import type { ByteStream } from './sender'

export interface ServerEvent {
  event?: string
  data?: string
  id?: string
}

export async function* events(answer: ByteStream): AsyncGenerator<ServerEvent, void, undefined> {
  let event: ServerEvent = {}
  for await (const line of textLines(answer)) {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line
    if (text !== '') {
      put(event, text)
    } else if (Object.keys(event).length > 0) {
      yield event
      event = {}
    }
  }
}

function put(event: ServerEvent, line: string): void {
  const at = line.indexOf(':')
  const name = at === -1 ? line : line.slice(0, at)
  const value = at === -1 ? '' : line.slice(line[at + 1] === ' ' ? at + 2 : at + 1)
  if (name === 'data') event.data = event.data === undefined ? value : `${event.data}\n${value}`
  else if (name === 'event' || name === 'id') event[name] = value
}

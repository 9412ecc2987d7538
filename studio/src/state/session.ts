// Which key does this tab use, and does the server answer? The key is kept for the tab only.

import { signal } from '@preact/signals'

const PLACE = 'openmemory.key'

export const key = signal(takeFromAddress() ?? sessionStorage.getItem(PLACE) ?? '')
/** Why a key is asked for. */
export const wanted = signal<'no' | 'first' | 'refused'>('no')
export const online = signal(true)

export function askForKey(refused: boolean): void {
  wanted.value = refused ? 'refused' : 'first'
}

export function useKey(text: string): void {
  sessionStorage.setItem(PLACE, text)
  wanted.value = 'no'
  key.value = text
}

export function forgetKey(): void {
  sessionStorage.removeItem(PLACE)
  wanted.value = 'first'
  key.value = ''
}

/** `openmemory studio` gives a key after the `#`, which is not sent to any server, and is taken out of the address. */
function takeFromAddress(): string | undefined {
  const given = /^#key=(.+)$/.exec(location.hash)?.[1]
  if (!given) return undefined
  const text = decodeURIComponent(given)
  sessionStorage.setItem(PLACE, text)
  history.replaceState(null, '', '#/memories')
  return text
}

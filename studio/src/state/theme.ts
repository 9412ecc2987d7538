// Dark or light? As the system has it, unless the reader chose.

import { effect, signal } from '@preact/signals'

const PLACE = 'openmemory.theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const kept = localStorage.getItem(PLACE) as Theme
export const theme = signal<Theme>(THEMES.includes(kept) ? kept : 'system')

effect(() => {
  document.documentElement.dataset.theme = theme.value
  localStorage.setItem(PLACE, theme.value)
})

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] as Theme
}

// How are times shown? In the zone and language of the reader.

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export function fullTime(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : FULL.format(time)
}

/** As short as it is clear today: `14:03`, `3 May`, `3 May 2025`. */
export function shortTime(iso: string, now = new Date()): string {
  const time = new Date(iso)
  if (time.toDateString() === now.toDateString()) return CLOCK.format(time)
  return (time.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(time)
}

export function shortDay(time: Date): string {
  return DAY.format(time)
}

/** Midnight of a day (`2026-05-03`) in the reader's zone. */
export function localDate(day: string): string {
  const time = new Date(/^\d{4}-\d{2}-\d{2}$/.test(day) ? `${day}T00:00` : day)
  return Number.isNaN(time.getTime()) ? day : time.toISOString()
}

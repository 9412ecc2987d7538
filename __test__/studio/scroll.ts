// How smooth is the list? Scrolls it to the end, and measures every frame.

import type { Page } from 'playwright-core'

export interface Scrolled {
  /** Milliseconds between frames, the 95th percentile and the longest. */
  p95: number
  max: number
  frames: number
  /** The most rows in the document at once. */
  rows: number
  /** Rows that the list had at the end. */
  loaded: number
}

/** @param step pixels a frame */
export function scrollToEnd(page: Page, count: number, step: number): Promise<Scrolled> {
  return page.evaluate(
    async ({ count, step }) => {
      const list = document.querySelector('.list') as HTMLElement
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
      const durations: number[] = []
      let [rows, last, loaded] = [0, await frame(), 0]
      for (;;) {
        list.scrollTop += step
        const now = await frame()
        durations.push(now - last)
        last = now
        rows = Math.max(rows, document.querySelectorAll('[role=row]').length)
        const shown = [...document.querySelectorAll('[role=row]')].at(-1)
        loaded = Math.max(loaded, Number(shown?.getAttribute('aria-rowindex') ?? 0))
        const end = list.scrollTop + list.clientHeight >= list.scrollHeight - 1
        if (end && loaded >= count) break
      }
      durations.sort((one, other) => one - other)
      const p95 = durations[Math.floor(durations.length * 0.95)] as number
      return { p95, max: durations.at(-1) as number, frames: durations.length, rows, loaded }
    },
    { count, step },
  )
}

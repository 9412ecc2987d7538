// How are a hundred thousand rows shown? Only those in sight, and some around them, are in the document.

import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

const AROUND = 12
/** Browsers do not lay out boxes much taller than this. */
const MAX_PIXELS = 12_000_000

interface Props {
  count: number
  /** Rows known to exist; more may follow. */
  rowHeight: number
  label: string
  active: number
  rowId(at: number): string
  row(at: number): ComponentChildren
  onNear(end: number): void
  onKey(event: KeyboardEvent): void
  box: RefObject<HTMLDivElement | null>
  more: boolean
}

export function VirtualList({ count, rowHeight, label, active, rowId, row, onNear, onKey, box, more }: Props) {
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(800)
  const frame = useRef(0)

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return undefined
    const measure = () => setHeight(element.clientHeight || 800)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const onScroll = () => {
    if (frame.current) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      setTop(box.current?.scrollTop ?? 0)
    })
  }

  const whole = Math.min(count * rowHeight, MAX_PIXELS)
  // With more rows than fit into a box, the scroll position is a share of them.
  const share = count * rowHeight > MAX_PIXELS ? (count * rowHeight - height) / (MAX_PIXELS - height) : 1
  const first = Math.max(0, Math.floor((top * share) / rowHeight) - AROUND)
  const last = Math.min(count, Math.ceil((top * share + height) / rowHeight) + AROUND)
  const offset = top - (top * share - first * rowHeight)

  useEffect(() => onNear(last), [last, count])

  useEffect(() => {
    const element = box.current
    if (!element || active < 0 || share !== 1) return
    const [start, end] = [active * rowHeight, (active + 1) * rowHeight]
    if (start < element.scrollTop) element.scrollTop = start
    else if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight
  }, [active])

  return (
    <div
      ref={box}
      class="list"
      role="grid"
      aria-label={label}
      aria-rowcount={more ? -1 : count}
      aria-multiselectable="true"
      aria-activedescendant={active >= first && active < last ? rowId(active) : undefined}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKey}
    >
      <div role="presentation" class="list-space" style={{ height: `${whole}px` }}>
        <div role="rowgroup" class="list-rows" style={{ transform: `translateY(${offset}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, at) => row(first + at))}
        </div>
      </div>
    </div>
  )
}

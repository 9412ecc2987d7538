// One row of the list.

import type { Row } from '../state/memory-list'
import { fullTime, shortTime } from '../text/time'

/** As in the style sheet. */
export const ROW_HEIGHT = 62

interface Props {
  row: Row
  id: string
  at: number
  active: boolean
  open: boolean
  selected: boolean
  time: string
  onOpen(): void
  onToggle(all: boolean): void
}

const SHOWN_TAGS = 3

export function MemoryRow({ row, id, at, active, open, selected, time, onOpen, onToggle }: Props) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={at + 1}
      aria-selected={selected}
      class={`row${active ? ' active' : ''}${open ? ' open' : ''}${selected ? ' selected' : ''}`}
      onClick={onOpen}
    >
      <span role="gridcell" class="row-check">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={`Select ${row.content.slice(0, 60)}`}
          onClick={(event) => {
            event.stopPropagation()
            onToggle(event.shiftKey)
          }}
        />
      </span>
      <span role="gridcell" class="row-text">
        <span class={`dot ${row.primary_sector}`} title={row.primary_sector} />
        <span class={row.retired ? 'row-content retired' : 'row-content'}>{row.content || 'No text'}</span>
        <span class="row-meta">
          {row.user_id && <span class="who">{row.user_id}</span>}
          {row.tags.slice(0, SHOWN_TAGS).map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
          {row.tags.length > SHOWN_TAGS && <span>+{row.tags.length - SHOWN_TAGS}</span>}
          {row.version > 1 && <span class="versions">v{row.version}</span>}
          {row.immutable && <span>immutable</span>}
          {row.retired && <span>{row.retired}</span>}
        </span>
      </span>
      <time role="gridcell" class="row-time" dateTime={time} title={fullTime(time)}>
        {shortTime(time)}
      </time>
    </div>
  )
}

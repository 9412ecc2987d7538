// What is done to a selection?

import { useState } from 'preact/hooks'
import { exported, list } from '../api/memories'
import type { Json } from '../api/types'
import { type BatchEdit, changeAll } from '../state/actions'
import { fail, notify } from '../state/notices'
import { download } from './download'

/** Items of a batch that the server takes. */
const MAX = 1000

interface Props {
  ids: string[]
  frozen: boolean
  onDelete(): void
  onDone(): void
}

export function BatchBar({ ids, frozen, onDelete, onDone }: Props) {
  const [kind, setKind] = useState<'tag' | 'untag' | 'metadata' | 'ended' | 'wrong'>('tag')
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const many = ids.length > MAX
  const needsText = kind === 'tag' || kind === 'untag' || kind === 'metadata'

  const apply = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const filters = { memory_ids: ids.slice(0, MAX) }
      const { items } = await list({ filters, limit: MAX, showExpired: true, showRetired: true })
      const count = await changeAll(items, edit())
      if (count === 0) notify('Nothing to change: all have it already')
      setText('')
    } catch (error) {
      fail(error)
    } finally {
      setBusy(false)
    }
  }

  const edit = (): BatchEdit => {
    if (kind === 'ended' || kind === 'wrong') return { kind: 'retire', why: kind }
    if (kind !== 'metadata') return { kind, tag: text.trim() }
    const [field = '', ...rest] = text.split('=')
    const value = rest.join('=').trim()
    return { kind, field: field.trim(), value: rest.length === 0 || value === '' ? null : parsed(value) }
  }

  return (
    <form class="batch" aria-label="Selection" onSubmit={apply}>
      <b role="status">{ids.length.toLocaleString()} selected</b>
      {many && <span>only the first {MAX} are changed</span>}
      <select
        aria-label="Change"
        value={kind}
        disabled={frozen}
        onChange={(event) => setKind(event.currentTarget.value as typeof kind)}
      >
        <option value="tag">Add tag</option>
        <option value="untag">Remove tag</option>
        <option value="metadata">Set metadata</option>
        <option value="ended">Mark as ended</option>
        <option value="wrong">Mark as wrong</option>
      </select>
      {needsText && (
        <input
          aria-label={kind === 'metadata' ? 'Key and value' : 'Tag'}
          placeholder={kind === 'metadata' ? 'key=value; key= removes' : 'tag'}
          value={text}
          disabled={frozen}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <button type="submit" disabled={frozen || busy || (needsText && text.trim() === '')}>
        Apply
      </button>
      <button
        type="button"
        onClick={() => exported({ memory_ids: ids.slice(0, MAX) }).then((lines) => download(lines, 'selection'), fail)}
      >
        Export
      </button>
      <button type="button" class="danger" disabled={frozen} onClick={onDelete}>
        Delete
      </button>
      <button type="button" class="quiet" onClick={onDone}>
        Clear
      </button>
    </form>
  )
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

// How is the list narrowed? By chips, with the values that there are offered while one types.

import { useEffect, useRef, useState } from 'preact/hooks'
import { facets } from '../api/memories'
import { SECTORS } from '../components/sector'
import { addChip, chips, clearChips, FIELDS, type FieldName, removeChip } from '../state/filters'

const COUNTED = ['user_id', 'agent_id', 'app_id', 'run_id', 'tags']
const HINTS: Partial<Record<FieldName, string>> = { metadata: 'key=value, or key', text: 'words in the text' }

export function FilterBar() {
  const [field, setField] = useState<FieldName>('user_id')
  const [text, setText] = useState('')
  const [offered, setOffered] = useState<string[]>([])
  const input = useRef<HTMLInputElement>(null)
  const all = chips()

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog')
      if (event.key !== 'f' || typing || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])

  const offer = () => {
    if (field === 'primary_sector') return setOffered(SECTORS)
    if (!COUNTED.includes(field)) return setOffered([])
    facets(field, { limit: 200 }).then(
      ({ values }) => setOffered(values.map(({ value }) => String(value))),
      () => setOffered([]),
    )
  }

  const isDay = field === 'since' || field === 'until'
  return (
    <form
      class="filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() === '') return
        addChip({ field, value: text.trim() })
        setText('')
      }}
    >
      <div class="filter-new">
        <select
          aria-label="Filter by"
          value={field}
          onChange={(event) => {
            setField(event.currentTarget.value as FieldName)
            setText('')
            setOffered([])
          }}
        >
          {FIELDS.map(({ name, label }) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <input
          ref={input}
          aria-label="Value"
          type={isDay ? 'date' : 'text'}
          list="filter-values"
          placeholder={HINTS[field] ?? 'value'}
          value={text}
          onFocus={offer}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <datalist id="filter-values">
          {offered.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
        <button type="submit">Filter</button>
      </div>
      {all.length > 0 && (
        <ul class="chips" aria-label="Filters in use">
          {all.map((chip) => (
            <li key={`${chip.field} ${chip.value}`}>
              <button type="button" class="chip" onClick={() => removeChip(chip)}>
                <span>
                  {FIELDS.find(({ name }) => name === chip.field)?.label}: <b>{chip.value}</b>
                </span>
                <span aria-hidden="true"> ✕</span>
                <span class="unseen">, remove</span>
              </button>
            </li>
          ))}
          <li>
            <button type="button" class="quiet" onClick={clearChips}>
              Clear all
            </button>
          </li>
        </ul>
      )}
    </form>
  )
}

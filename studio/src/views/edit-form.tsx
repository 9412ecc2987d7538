// How is a memory changed in place? Only the fields that differ are sent, for the version that was read. Who loses a race
// sees both sides.

import { useRef, useState } from 'preact/hooks'
import * as api from '../api/memories'
import { ApiError, explainError } from '../api/request'
import type { Json, Memory } from '../api/types'
import { useFocus } from '../components/focus'
import { change } from '../state/actions'
import { Conflict } from './conflict'

interface Props {
  memory: Memory
  onClose(saved?: Memory): void
}

interface Draft {
  content: string
  tags: string
  metadata: [string, string][]
  reason: string
}

export function EditForm({ memory, onClose }: Props) {
  // What the edit started from, whatever arrives meanwhile.
  const base = useRef(memory)
  const [draft, setDraft] = useState<Draft>(() => draftOf(memory))
  const [theirs, setTheirs] = useState<Memory>()
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const first = useFocus<HTMLTextAreaElement>()
  const set = (fields: Partial<Draft>) => setDraft({ ...draft, ...fields })

  const save = async (onto = base.current, patch = patchOf(base.current, draft)) => {
    if (busy) return
    if (Object.keys(patch).length === 0) return onClose()
    setBusy(true)
    setProblem('')
    try {
      onClose(await change(onto, patch, draft.reason.trim() || undefined))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'VERSION_CONFLICT') {
        await api.get(memory.id).then(setTheirs, (error) => setProblem(explainError(error)))
      } else {
        setProblem(explainError(error))
      }
      setBusy(false)
    }
  }

  return (
    <form
      class="stack edit"
      aria-label="Edit"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save()
        else if (event.key === 'Escape' && !theirs) onClose()
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      <h2 class="unseen">Edit</h2>
      <label>
        Text
        <textarea
          rows={Math.min(16, Math.max(4, Math.ceil(draft.content.length / 60)))}
          ref={first}
          value={draft.content}
          onInput={(event) => set({ content: event.currentTarget.value })}
        />
      </label>
      <label>
        Tags, one a line
        <textarea
          rows={Math.max(2, draft.tags.split('\n').length)}
          value={draft.tags}
          onInput={(event) => set({ tags: event.currentTarget.value })}
        />
      </label>
      <fieldset>
        <legend>Metadata</legend>
        {draft.metadata.map(([name, value], at) => (
          <div key={at} class="pair">
            <input
              aria-label={`Key ${at + 1}`}
              value={name}
              onInput={(event) => set({ metadata: replaced(draft.metadata, at, [event.currentTarget.value, value]) })}
            />
            <input
              aria-label={`Value of ${name || at + 1}`}
              value={value}
              onInput={(event) => set({ metadata: replaced(draft.metadata, at, [name, event.currentTarget.value]) })}
            />
            <button
              type="button"
              class="quiet icon"
              aria-label={`Remove ${name || at + 1}`}
              onClick={() => set({ metadata: draft.metadata.filter((_, other) => other !== at) })}
            >
              ✕
            </button>
          </div>
        ))}
        <button type="button" onClick={() => set({ metadata: [...draft.metadata, ['', '']] })}>
          Add a field
        </button>
        <p class="hint">A value is text, or JSON: 3, true, ["a"], "3".</p>
      </fieldset>
      <label>
        Why (kept in the history)
        <input value={draft.reason} onInput={(event) => set({ reason: event.currentTarget.value })} />
      </label>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <footer>
        <button type="button" onClick={() => onClose()}>
          Cancel
        </button>
        <button type="submit" class="main" disabled={busy || (draft.content.trim() === '' && memory.content !== '')}>
          Save
        </button>
      </footer>
      {theirs && (
        <Conflict
          base={base.current}
          theirs={theirs}
          mine={patchOf(base.current, draft)}
          onChoose={(patch) => {
            base.current = theirs
            setTheirs(undefined)
            if (Object.keys(patch).length === 0) onClose(theirs)
            else save(theirs, patch)
          }}
          onBack={() => setTheirs(undefined)}
        />
      )}
    </form>
  )
}

function replaced<T>(list: T[], at: number, value: T): T[] {
  return list.map((old, other) => (other === at ? value : old))
}

function draftOf({ content, tags, metadata }: Memory): Draft {
  return {
    content,
    tags: tags.join('\n'),
    metadata: Object.entries(metadata).map(([name, value]) => [name, written(value)]),
    reason: '',
  }
}

/** Text as it is, unless it would be read as something else. */
function written(value: Json): string {
  return typeof value === 'string' && read(value) === value ? value : JSON.stringify(value)
}

function read(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

function patchOf(memory: Memory, draft: Draft): api.Patch {
  const patch: api.Patch = {}
  if (draft.content !== memory.content) patch.content = draft.content
  const tags = draft.tags === memory.tags.join('\n') ? memory.tags : lines(draft.tags)
  if (JSON.stringify(tags) !== JSON.stringify(memory.tags)) patch.tags = tags
  const before = memory.metadata
  const after = new Map(draft.metadata.filter(([name]) => name.trim()).map(([name, text]) => [name, read(text)]))
  const metadata: Record<string, Json> = {}
  for (const [name, value] of after) {
    if (JSON.stringify(before[name]) !== JSON.stringify(value)) metadata[name] = value
  }
  for (const name of Object.keys(before)) if (!after.has(name)) metadata[name] = null
  if (Object.keys(metadata).length > 0) patch.metadata = metadata
  return patch
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
}

// One memory: what it says, who it is about, how it came to be, and what it is linked to.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import * as api from '../api/memories'
import { explainError } from '../api/request'
import type { Memory, Version } from '../api/types'
import { Meter, SectorName } from '../components/sector'
import { rate, reinforce, remove, restore, retire } from '../state/actions'
import { asOf } from '../state/filters'
import { onChanges, onReturn } from '../state/live'
import { fail } from '../state/notices'
import { go, href } from '../state/route'
import { fullTime } from '../text/time'
import { EditForm } from './edit-form'
import { Links } from './links'
import { Timeline } from './timeline'

export function MemoryView({ id }: { id: string }) {
  const [memory, setMemory] = useState<Memory>()
  const [versions, setVersions] = useState<Version[]>()
  const [problem, setProblem] = useState('')
  const [editing, setEditing] = useState(false)
  const [gone, setGone] = useState('')
  const past = asOf()
  /** From then on nothing is read: an event of before would ask for what is gone. */
  const erasing = useRef(false)

  const read = useCallback(async () => {
    if (erasing.current) return
    try {
      const [found, all] = await Promise.all([api.get(id, past), api.history(id)])
      setMemory(found)
      setVersions(past ? all.filter(({ version }) => version <= found.version) : all)
      setProblem('')
      setGone('')
    } catch (error) {
      setProblem(explainError(error))
    }
  }, [id, past])

  useEffect(() => {
    read()
  }, [read])
  useEffect(() => onReturn(read), [read])
  useEffect(
    () =>
      onChanges((changes) => {
        const last = changes.findLast((change) => change.id === id)
        if (last?.event === 'DELETE') setGone(last.at)
        else if (last) read()
      }),
    [read],
  )

  const frozen = past !== undefined
  const locked = frozen || (memory?.immutable ?? true)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog, .list')
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (typing && !(event.key === 'e' && event.target instanceof HTMLElement && event.target.closest('.list'))) return
      if (event.key === 'e' && !locked) setEditing(true)
      else if (event.key === 'Escape' && !editing) go('memories')
      else if (event.key === 'Delete' && !frozen) erase()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })

  const erase = () => {
    erasing.current = true
    return remove([id]).then(
      () => go('memories'),
      (error) => {
        erasing.current = false
        fail(error)
      },
    )
  }
  const then = (work: Promise<Memory>) => work.then(setMemory).then(read, fail)

  if (problem && !memory) {
    return (
      <div class="empty">
        <p role="alert">{problem}</p>
        <button type="button" onClick={read}>
          Try again
        </button>
      </div>
    )
  }
  if (gone) {
    return (
      <div class="empty">
        <h2>Deleted</h2>
        <p role="status">This memory was deleted at {fullTime(gone)}.</p>
      </div>
    )
  }
  if (!memory) return <p class="empty">Loading…</p>

  return (
    <article class="memory">
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <header class="memory-head">
        <div class="badges">
          <SectorName name={memory.primary_sector} />
          <span class="badge">version {memory.version}</span>
          {memory.immutable && <span class="badge">immutable</span>}
          {memory.retired && <span class="badge warn">{memory.retired}</span>}
        </div>
        {!editing && (
          <div class="actions">
            <button
              type="button"
              class="main"
              disabled={locked}
              title={memory.immutable ? 'Immutable: delete it and add it again instead' : undefined}
              onClick={() => setEditing(true)}
            >
              Edit
            </button>
            <Rating memory={memory} disabled={frozen} onRate={(value) => then(rate(memory, value))} />
            <button
              type="button"
              disabled={frozen}
              title="Make it more salient"
              onClick={() => then(reinforce(memory))}
            >
              Reinforce
            </button>
            {!memory.retired && (
              <>
                <button type="button" disabled={locked} onClick={() => then(retire(memory, 'ended'))}>
                  Ended
                </button>
                <button type="button" disabled={locked} onClick={() => then(retire(memory, 'wrong'))}>
                  Wrong
                </button>
              </>
            )}
            <button type="button" class="danger" disabled={frozen} onClick={erase}>
              Delete
            </button>
          </div>
        )}
      </header>

      {editing ? (
        <EditForm
          memory={memory}
          onClose={(saved) => {
            setEditing(false)
            if (saved) setMemory(saved)
            read()
          }}
        />
      ) : (
        <>
          <h2 class="unseen">Text</h2>
          <p class="text content" onDblClick={() => !locked && setEditing(true)}>
            {memory.content || 'No text'}
          </p>
          {memory.tags.length > 0 && (
            <ul class="tags" aria-label="Tags">
              {memory.tags.map((tag, at) => (
                <li key={at}>
                  <a class="tag" href={href('memories', '', new URLSearchParams({ tags: tag }))}>
                    {tag}
                  </a>
                </li>
              ))}
            </ul>
          )}
          <Facts memory={memory} />
        </>
      )}
      {versions && (
        <Timeline
          versions={versions}
          current={memory.version}
          frozen={locked}
          onRestore={(version) => then(restore(memory, version))}
        />
      )}
      {!frozen && <Links key={`${id} ${memory.version}`} id={id} />}
    </article>
  )
}

const RATINGS = [
  ['POSITIVE', 'Useful', '↑'],
  ['NEGATIVE', 'Not useful', '↓'],
  ['VERY_NEGATIVE', 'Harmful', '↓↓'],
] as const

function Rating({
  memory,
  disabled,
  onRate,
}: {
  memory: Memory
  disabled: boolean
  onRate(value: string | null): void
}) {
  return (
    <div class="group" role="group" aria-label="Feedback">
      {RATINGS.map(([value, label, icon]) => (
        <button
          key={value}
          type="button"
          class="icon"
          aria-pressed={memory.feedback === value}
          aria-label={label}
          title={label}
          disabled={disabled}
          onClick={() => onRate(memory.feedback === value ? null : value)}
        >
          {icon}
        </button>
      ))}
    </div>
  )
}

const SCOPE = [
  ['user_id', 'User'],
  ['agent_id', 'Agent'],
  ['app_id', 'App'],
  ['run_id', 'Run'],
] as const
const TIMES = [
  ['created_at', 'Created'],
  ['updated_at', 'Changed'],
  ['valid_from', 'True since'],
  ['valid_to', 'True until'],
  ['expires_at', 'Expires'],
] as const

function Facts({ memory }: { memory: Memory }) {
  const metadata = Object.entries(memory.metadata)
  return (
    <>
      <dl class="facts">
        {SCOPE.map(([field, label]) => {
          const value = memory[field]
          return (
            value && (
              <div key={field}>
                <dt>{label}</dt>
                <dd>
                  <a href={href('memories', '', new URLSearchParams({ [field]: value }))}>{value}</a>
                </dd>
              </div>
            )
          )
        })}
        {TIMES.map(([field, label]) => {
          const value = memory[field]
          return (
            value && (
              <div key={field}>
                <dt>{label}</dt>
                <dd>
                  <time dateTime={value} title={value}>
                    {value.length > 10 ? fullTime(value) : value}
                  </time>
                </dd>
              </div>
            )
          )
        })}
        <div>
          <dt>Salience</dt>
          <dd>
            <Meter value={memory.salience} label="Salience" /> {memory.salience.toFixed(2)}
          </dd>
        </div>
        <div>
          <dt>Sectors</dt>
          <dd>{memory.sectors.join(', ')}</dd>
        </div>
        {memory.feedback && (
          <div>
            <dt>Feedback</dt>
            <dd>
              {memory.feedback.toLowerCase().replace('_', ' ')}
              {memory.feedback_reason && `: ${memory.feedback_reason}`}
            </dd>
          </div>
        )}
        <div class="whole">
          <dt>Id</dt>
          <dd>
            <code>{memory.id}</code>
          </dd>
        </div>
      </dl>
      {metadata.length > 0 && (
        <section>
          <h3>Metadata</h3>
          <table class="metadata">
            <tbody>
              {metadata.map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>
                    <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  )
}

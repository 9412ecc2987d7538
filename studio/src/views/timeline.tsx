// What was a memory before, who changed it, and why? Its versions, newest first, each against the one before, or any two
// side by side.

import { useState } from 'preact/hooks'
import type { Json, Version } from '../api/types'
import { InlineDiff, SideBySide } from '../components/diff'
import { fullTime } from '../text/time'

const EVENTS = { ADD: 'Added', UPDATE: 'Changed', RESTORE: 'Restored', RETIRE: 'Retired' }

interface Props {
  versions: Version[]
  current: number
  frozen: boolean
  onRestore(version: number): void
}

export function Timeline({ versions, current, frozen, onRestore }: Props) {
  const [left, setLeft] = useState<number>()
  const [right, setRight] = useState<number>()
  const by = (number: number | undefined) => versions.find(({ version }) => version === number)
  const [one, other] = [by(left), by(right)]
  return (
    <section class="timeline" aria-label="Versions">
      <header>
        <h3>
          {versions.length} {versions.length === 1 ? 'version' : 'versions'}
        </h3>
        {versions.length > 1 && (
          <div class="compare">
            <Choice label="Left" versions={versions} value={left} onChange={setLeft} />
            <Choice label="Right" versions={versions} value={right} onChange={setRight} />
            {one && other && (
              <button
                type="button"
                class="quiet"
                onClick={() => {
                  setLeft(undefined)
                  setRight(undefined)
                }}
              >
                Close
              </button>
            )}
          </div>
        )}
      </header>
      {one && other && <Comparison one={one} other={other} />}
      <ol>
        {versions.map((version, at) => {
          const before = versions[at + 1]
          return (
            <li key={version.version} class={version.version === current ? 'current' : ''}>
              <div class="version-head">
                <b>Version {version.version}</b>
                <span>
                  {EVENTS[version.event]}
                  {version.restored_from && ` from version ${version.restored_from}`}
                  {version.actor && (
                    <>
                      {' by '}
                      <b>{version.actor}</b>
                    </>
                  )}
                </span>
                <time dateTime={version.updated_at}>{fullTime(version.updated_at)}</time>
                {version.version !== current && (
                  <span class="version-actions">
                    <button
                      type="button"
                      class="quiet"
                      onClick={() => {
                        setLeft(version.version)
                        setRight(current)
                      }}
                    >
                      Compare<span class="unseen"> version {version.version} with the current one</span>
                    </button>
                    <button type="button" disabled={frozen} onClick={() => onRestore(version.version)}>
                      Restore<span class="unseen"> version {version.version}</span>
                    </button>
                  </span>
                )}
              </div>
              {version.reason && <p class="reason">{version.reason}</p>}
              <Changes version={version} before={before} />
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function Choice({
  label,
  versions,
  value,
  onChange,
}: {
  label: string
  versions: Version[]
  value: number | undefined
  onChange(value: number | undefined): void
}) {
  return (
    <label>
      {label}
      <select
        value={value === undefined ? '' : String(value)}
        onChange={(event) => onChange(Number(event.currentTarget.value) || undefined)}
      >
        <option value="">–</option>
        {versions.map(({ version }) => (
          <option key={version} value={String(version)}>
            version {version}
          </option>
        ))}
      </select>
    </label>
  )
}

function Comparison({ one, other }: { one: Version; other: Version }) {
  const title = ({ version, updated_at }: Version) => (
    <>
      Version {version} <small>{fullTime(updated_at)}</small>
    </>
  )
  const fields = (version: Version): Record<string, Json> => ({ tags: version.tags, ...version.metadata })
  const [before, after] = [fields(one), fields(other)]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return (
    <div class="comparison">
      <SideBySide before={one.content} after={other.content} titles={[title(one), title(other)]} />
      {differing.map((name) => (
        <FieldChange key={name} field={name} from={before[name]} to={after[name]} />
      ))}
    </div>
  )
}

function Changes({ version, before }: { version: Version; before: Version | undefined }) {
  if (!before) return <p class="text">{version.content}</p>
  const texts = version.content !== before.content
  const others = version.changes.filter(({ field }) => field !== 'content')
  return (
    <>
      {texts && <InlineDiff before={before.content} after={version.content} />}
      {others.map(({ field, from, to }) => (
        <FieldChange key={field} field={field} from={from} to={to} />
      ))}
    </>
  )
}

export function FieldChange({ field, from, to }: { field: string; from?: Json; to?: Json }) {
  return (
    <p class="field-change">
      <span>{field.replace(/^metadata\./, '')}</span>
      {from !== undefined && <del>{show(from)}</del>}
      {to !== undefined && <ins>{show(to)}</ins>}
    </p>
  )
}

function show(value: Json): string {
  if (Array.isArray(value)) return value.length > 0 ? value.map(show).join(', ') : 'none'
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? fullTime(value) : value
}

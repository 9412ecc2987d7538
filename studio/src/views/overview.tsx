// How much is there, of what, of whom, and since when?

import { useEffect, useState } from 'preact/hooks'
import type { Facets, Memory } from '../api/types'
import { Bars, DayPlot } from '../components/plots'
import { Meter } from '../components/sector'
import { onChanges, onReturn } from '../state/live'
import { fail } from '../state/notices'
import { DAYS, type Glance, glance } from '../state/overview'
import { href } from '../state/route'
import { megabytes } from '../text/size'
import { shortTime } from '../text/time'

/** Changes are counted again at most so often. */
const PAUSE_MS = 3000

export function Overview() {
  const [all, setAll] = useState<Glance>({})
  useEffect(() => {
    const abort = new AbortController()
    const read = () => glance((part) => setAll((before) => ({ ...before, ...part })), abort.signal).catch(fail)
    read()
    let timer: ReturnType<typeof setTimeout> | undefined
    const later = () => {
      timer ??= setTimeout(() => {
        timer = undefined
        read()
      }, PAUSE_MS)
    }
    const leave = [onChanges(later), onReturn(read)]
    return () => {
      abort.abort()
      clearTimeout(timer)
      for (const end of leave) end()
    }
  }, [])

  const { stats, sectors, users, tags, created, changed, present, faded } = all
  return (
    <div class="overview">
      <h1>Overview</h1>
      {stats && (
        <dl class="numbers">
          <Figure label="Memories" value={stats.memories.toLocaleString()} />
          <Figure label="Users" value={users ? users.distinct.toLocaleString() : '…'} />
          <Figure label="On disk" value={megabytes(stats.bytes_on_disk)} />
          <Figure label="Of it records" value={megabytes(stats.live_bytes)} />
          <Figure label="Search index" value={megabytes(stats.index_bytes)} />
          <Figure label="Vectors loaded" value={stats.vectors.toLocaleString()} />
        </dl>
      )}
      {stats?.repaired && <p class="banner">Repaired when it was opened: {stats.repaired}</p>}
      {stats?.checkpoint_problem && (
        <p class="banner bad">
          The last checkpoint failed: {stats.checkpoint_problem}. Look whether the disk of the server is full.
        </p>
      )}
      <div class="panels">
        <Panel title={`Memories a day, last ${DAYS} days`}>
          {created && <DayPlot days={created} label="Memories added a day" />}
        </Panel>
        <Panel title={`Last changes a day, last ${DAYS} days`}>
          {changed && <DayPlot days={changed} label="Memories last changed a day" />}
        </Panel>
        <Panel title="By sector">{sectors && <Counted field="primary_sector" facets={sectors} colored />}</Panel>
        <Panel title="By user">{users && <Counted field="user_id" facets={users} />}</Panel>
        <Panel title="By tag">{tags && <Counted field="tags" facets={tags} />}</Panel>
        <Panel title="Most present">{present && <Ranked memories={present} />}</Panel>
        <Panel title="Not found for long">{faded && <Ranked memories={faded} />}</Panel>
      </div>
    </div>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Panel({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children || <p class="hint">Counting…</p>}
    </section>
  )
}

function Counted({ field, facets, colored }: { field: string; facets: Facets; colored?: boolean }) {
  if (facets.values.length === 0) return <p class="hint">None yet</p>
  const bars = facets.values.map(({ value, count }) => ({
    ...{ name: String(value), count, kind: colored ? String(value) : '' },
    href: href('memories', '', new URLSearchParams({ [field]: String(value) })),
  }))
  const others = facets.distinct - bars.length
  return (
    <>
      <Bars bars={bars} label={field} />
      {others > 0 && <p class="hint">and {others.toLocaleString()} more</p>}
    </>
  )
}

function Ranked({ memories }: { memories: Memory[] }) {
  if (memories.length === 0) return <p class="hint">None yet</p>
  return (
    <ul class="links">
      {memories.map((memory) => (
        <li key={memory.id}>
          <Meter value={memory.salience} label="Salience" />
          <a href={href('memories', memory.id)}>{memory.content.slice(0, 120) || 'No text'}</a>
          <small>{shortTime(memory.updated_at)}</small>
        </li>
      ))}
    </ul>
  )
}

// What is a memory linked to, and which words is it learnt from? Read after the memory, and left out where there is nothing.

import { useEffect, useState } from 'preact/hooks'
import * as api from '../api/memories'
import type { Memory, Source } from '../api/types'
import { Meter } from '../components/sector'
import { href } from '../state/route'

export function Links({ id }: { id: string }) {
  const [links, setLinks] = useState<{ memory: Memory; weight: number }[]>([])
  const [sources, setSources] = useState<Source[]>([])
  useEffect(() => {
    let gone = false
    const read = async () => {
      const waypoints = (await api.waypoints(id)).slice(0, 20)
      const filters = { memory_ids: waypoints.map((waypoint) => waypoint.id) }
      const { items } = waypoints.length > 0 ? await api.list({ filters, limit: 20, showRetired: true }) : { items: [] }
      const byId = new Map(items.map((memory) => [memory.id, memory]))
      const found = waypoints.flatMap(({ id, weight }) => {
        const memory = byId.get(id)
        return memory ? [{ memory, weight }] : []
      })
      const words = await api.sources(id)
      if (gone) return
      setLinks(found)
      setSources(words)
    }
    // It is beside the point of the page: what fails here shows nothing.
    read().catch(() => {})
    return () => {
      gone = true
    }
  }, [id])
  return (
    <>
      {sources.length > 0 && (
        <section>
          <h3>Learnt from</h3>
          <ul class="quotes">
            {sources.map((source, at) => (
              <li key={at}>
                <q>{source.quote}</q> <small>version {source.version}</small>
              </li>
            ))}
          </ul>
        </section>
      )}
      {links.length > 0 && (
        <section>
          <h3>Links</h3>
          <ul class="links">
            {links.map(({ memory, weight }) => (
              <li key={memory.id}>
                <Meter value={weight} label="Strength" />
                <a href={href('memories', memory.id)}>{memory.content.slice(0, 160)}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

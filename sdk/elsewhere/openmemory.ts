// What does OpenMemory hold? Memories with sectors and salience, in SQLite or as its server lists them, and links between them.

import { type ForeignMemory, objectOf, scopeOf, textOf, textsOf, timeOf } from './memory'
import type { Records, Row } from './records'

export function isOpenMemory({ tables, rows }: Records): boolean {
  const [row] = tables?.get('memories') ?? rows
  return row !== undefined && 'content' in row && 'primary_sector' in row
}

export function openMemoryMemories({ tables, rows, writtenAt }: Records): ForeignMemory[] {
  const sectors = bySource(tables?.get('vectors') ?? [], 'id')
  const links = bySource(tables?.get('waypoints') ?? [], 'src_id')
  const memories: ForeignMemory[] = []
  const before = new Set<string>()
  for (const row of tables?.get('memories') ?? rows) {
    const [id, content] = [textOf(row.id), textOf(row.content)]
    if (id === undefined || content === undefined) continue
    const created_at = timeOf(row.created_at) ?? writtenAt.toISOString()
    const primary = textOf(row.primary_sector)
    const others = [...(sectors.get(id) ?? []).map(({ sector }) => sector), ...textsOf(row.sectors)]
    const seen = timeOf(row.last_seen_at) ?? created_at
    memories.push({
      ...{ id, scope: scopeOf(row), created_at, versions: [{ content, at: created_at }], tags: textsOf(row.tags) },
      metadata: objectOf(row.meta ?? row.metadata),
      ...(typeof row.salience === 'number' && {
        salience: { value: Math.min(1, Math.max(0, row.salience)), at: seen },
      }),
      ...(primary !== undefined && { sectors: [...new Set([primary, ...others])] as string[] }),
      waypoints: (links.get(id) ?? []).flatMap((link) => waypoint(link, before)),
    })
    before.add(id)
  }
  return memories
}

function waypoint({ dst_id, weight, created_at, updated_at }: Row, before: Set<string>) {
  const [id, created] = [textOf(dst_id), timeOf(created_at)]
  if (id === undefined || created === undefined || typeof weight !== 'number' || !before.has(id)) return []
  return [
    { id, weight: Math.min(1, Math.max(0, weight)), created_at: created, updated_at: timeOf(updated_at) ?? created },
  ]
}

function bySource(rows: Row[], name: string): Map<unknown, Row[]> {
  const all = new Map<unknown, Row[]>()
  for (const row of rows) all.set(row[name], [...(all.get(row[name]) ?? []), row])
  return all
}

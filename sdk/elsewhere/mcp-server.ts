// What does the memory server of the MCP project hold? A graph as JSON lines: entities with observations, and relations. Each
// observation and each relation is a memory.

import { sha256 } from '../adapters/sha256'
import { type ForeignMemory, textOf, textsOf } from './memory'
import type { Records, Row } from './records'

export function isMcpServer({ rows }: Records): boolean {
  return rows.some(({ type }) => type === 'entity' || type === 'relation')
}

export function mcpServerMemories({ rows, writtenAt }: Records, userId: string | undefined): ForeignMemory[] {
  const created_at = writtenAt.toISOString()
  const memory = (content: string, tags: string[], metadata: Row): ForeignMemory => ({
    // The same file again is the same memories.
    id: `mcp:${sha256(JSON.stringify([userId ?? null, content, metadata])).slice(0, 32)}`,
    scope: userId === undefined ? {} : { user_id: userId },
    ...{ created_at, versions: [{ content, at: created_at }], tags, metadata },
  })
  return rows.flatMap((row) => {
    const [name, type, from, to] = [row.name, row.entityType, row.from, row.to].map(textOf)
    const relation = textOf(row.relationType)
    if (row.type === 'relation' && from && to && relation)
      return [memory(`${from} ${relation.replaceAll('_', ' ')} ${to}`, ['relation'], { from, relation, to })]
    if (row.type !== 'entity' || !name) return []
    const tags = type === undefined ? [] : [type]
    const metadata = { entity: name, ...(type !== undefined && { entity_type: type }) }
    const observations = textsOf(row.observations)
    if (observations.length === 0) return [memory(type === undefined ? name : `${name}: ${type}`, tags, metadata)]
    return observations.map((said) => memory(said.includes(name) ? said : `${name}: ${said}`, tags, metadata))
  })
}

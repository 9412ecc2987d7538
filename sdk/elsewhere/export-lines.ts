// How do memories of another program become an export of ours? docs/reference/export-format.md says what its lines hold.

import type { ForeignMemory, ForeignVersion } from './memory'

export function* exportLines(memories: readonly ForeignMemory[]): Generator<Buffer> {
  yield line({ format: 'openmemory-export', format_version: 1, model: null })
  for (const memory of memories) yield line(record(memory))
  yield line({ end: true })
}

function line(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

function record({ id, scope, created_at, immutable, salience, waypoints, ...rest }: ForeignMemory): object {
  const { tags, metadata, expires_at, sectors, versions } = rest
  const shared = { tags, metadata, ...(expires_at !== undefined && { expires_at }) }
  const ordered = inOrder(versions)
  const [first] = ordered
  const created = first !== undefined && first.at < created_at ? first.at : created_at
  const written = ordered.map(({ content, at }, index) => ({
    version: index + 1,
    event: index === 0 ? 'ADD' : 'UPDATE',
    updated_at: at,
    ...(sectors !== undefined && { classified: sectors }),
    ...shared,
    content,
  }))
  return {
    ...{ id, ...scope, created_at: created, ...(immutable && { immutable }) },
    ...(salience !== undefined && { salience: salience.value, salience_at: salience.at }),
    ...(waypoints !== undefined && waypoints.length > 0 && { waypoints }),
    versions: written.reverse(),
  }
}

/** Without texts that say the same again, and no time before the one before it. */
function inOrder(versions: readonly ForeignVersion[]): ForeignVersion[] {
  const ordered: ForeignVersion[] = []
  for (const { content, at } of [...versions].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    if (ordered.at(-1)?.content !== content) ordered.push({ content, at })
  }
  return ordered
}

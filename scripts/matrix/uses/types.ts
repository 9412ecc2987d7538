// Each method and option as a strict project would use it; compiled, never run.
import {
  doctor,
  type Memory,
  NotFoundError,
  OpenMemory,
  type OpenMemoryOptions,
  VersionConflictError,
} from '@openmemory/sdk'

const options: OpenMemoryOptions = { path: './memory', userId: 'ada', durability: 'flush', embedder: 'test' }

export async function uses(signal: AbortSignal): Promise<string[]> {
  const om = new OpenMemory(options)
  const memory: Memory = await om.addMemory({
    content: 'Ada drinks tea',
    tags: ['taste'],
    metadata: { deep: [1, null] },
  })
  const results = await om.addMemories([{ content: 'x' }], { signal, onProgress: (done, total) => void (done / total) })
  for (const result of results) if (!result.ok) throw result.error
  const updated = await om.updateMemory(memory.id, { metadata: { deep: null } }, { ifVersion: memory.version })
  // @ts-expect-error a patch has no such field
  await om.updateMemory(memory.id, { contents: 'x' }).catch(() => updated)
  const hits = await om.searchMemories('drinks', { limit: 3, filters: { tags: { contains: 'taste' } } })
  for await (const each of om.iterateMemories({ order: 'created_at:asc' })) void each.sectors
  try {
    await om.getMemory('nobody')
  } catch (error) {
    if (error instanceof NotFoundError) void error.details.deleted
    if (error instanceof VersionConflictError) void (error.version satisfies number)
  }
  await om.close()
  await doctor('./memory', { repair: false })
  return hits.map((hit) => `${hit.content} ${hit.score.toFixed(2)} ${updated.updated_at}`)
}

// Each method and option as a strict project would use it; compiled, never run.
import {
  doctor,
  type Memory,
  NotFoundError,
  OpenMemory,
  type OpenMemoryOptions,
  VersionConflictError,
} from '@openmemory/sdk'
import { OpenMemoryService } from '@openmemory/sdk/adk'
import { memoryMiddleware, memoryTools } from '@openmemory/sdk/ai'
import { memoryToolHandlers } from '@openmemory/sdk/anthropic'
import { MemoryBlock } from '@openmemory/sdk/llamaindex'
import { Memory as Mem0Memory } from '@openmemory/sdk/mem0'
import { MemorySession } from '@openmemory/sdk/openai-agents'
import { OpenMemory as WebMemory, NotFoundError as WebNotFound } from '@openmemory/sdk/remote'

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

// Those that need no framework; each also takes the client without Node.
export async function adapters(om: OpenMemory): Promise<void> {
  const web = new WebMemory<{ source?: string }>({ url: 'http://localhost:8080' })
  // @ts-expect-error there are no files
  await web.exportTo('file').catch((error) => error instanceof WebNotFound)
  const plain = new WebMemory({ url: 'http://localhost:8080' })
  for (const store of [om, plain]) {
    memoryTools(store, { userId: 'ada', tools: ['search_memories'] }).search_memories.description satisfies string
    memoryMiddleware(store, { remember: true, minScore: 0.1 }).specificationVersion satisfies 'v3'
    ;(await memoryToolHandlers(store).view({ command: 'view', path: '/memories' })) satisfies string
    await new MemorySession(store, { sessionId: 'chat' }).clearSession()
    await new OpenMemoryService(store).searchMemory({ appName: 'app', userId: 'ada', query: 'tea' })
    await new MemoryBlock(store, { userId: 'ada' }).get([{ id: '1', role: 'user', content: 'tea' }])
  }
  const mem0 = new Mem0Memory({ openmemory: om })
  await mem0.add([{ role: 'user', content: 'I drink tea' }], { userId: 'ada' })
  const { results } = await mem0.search('tea', { filters: { user_id: 'ada' } })
  results[0]?.memory satisfies string | undefined
}

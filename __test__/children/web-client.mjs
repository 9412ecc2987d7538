// Uses the client without Node, and an adapter over it. Bundled for the browser, and run where only web functions are.
import { memoryTools } from '@openmemory/sdk/ai'
import { NotFoundError, OpenMemory, OpenMemoryError, VersionConflictError } from '@openmemory/sdk/remote'

const { url, apiKey, elsewhere } = globalThis.given

async function codeOf(work) {
  try {
    await work()
    return 'none'
  } catch (error) {
    return error instanceof OpenMemoryError ? error.code : `${error}`
  }
}

async function use() {
  const om = new OpenMemory({ url, apiKey, userId: 'ada' })
  await om.ready()
  const { id } = await om.addMemory({ content: 'Ada drinks tea 🍵', metadata: { source: 'chat' } })
  const changes = om.watch()
  const first = changes.next()
  const many = Array.from({ length: 150 }, (_, n) => ({ content: `note ${n}` }))
  const progress = []
  const results = await om.addMemories([...many, { content: '' }], { onProgress: (done) => progress.push(done) })
  const updated = await om.updateMemory(
    id,
    { content: 'Ada drinks coffee', metadata: { source: null } },
    { ifVersion: 1 },
  )
  const lost = await om.updateMemory(id, { content: 'x' }, { ifVersion: 1 }).catch((error) => error)
  const gone = await om.getMemory('mem_none').catch((error) => error)
  let iterated = 0
  for await (const _ of om.iterateMemories({ limit: 60 })) iterated++
  const { value } = await first
  await changes.return()
  let embedded = 0
  const { reindexed } = await om.reindex({ onProgress: (done) => (embedded = done) })
  const signal = AbortSignal.abort()
  const found = await memoryTools(om).search_memories.execute({ query: 'coffee', limit: 1 })
  const seen = {
    ...{ progress, iterated, reindexed, embedded },
    added: results.filter(({ ok }) => ok).length,
    refused: results.at(-1).error.code,
    updated: [updated.version, updated.metadata, (await om.getMemory(id, { version: 1 })).content],
    lost: lost instanceof VersionConflictError && lost.version,
    gone: gone instanceof NotFoundError && gone.details.id,
    found: found.matches.map(({ content }) => content),
    best: (await om.searchMemories('coffee', { limit: 1 })).map(({ content }) => content),
    history: (await om.getHistory(id)).length,
    restored: (await om.restoreMemory(id, 1)).content,
    change: [value.event, value.memory.content],
    odd: (await om.addMemory({ id: 'a/b ?#é', content: 'odd id' })).id === (await om.getMemory('a/b ?#é')).id,
    dots: await codeOf(() => om.getMemory('..')),
    aborted: await codeOf(() => om.addMemories([{ content: 'x' }], { signal })),
    deleted: (await om.deleteMemories({ filters: { user_id: 'ada' } })).deleted,
    exported: await codeOf(() => om.exportTo('file')),
    served: await codeOf(() => om.serve()),
  }
  await om.close()
  seen.closed = await codeOf(() => om.stats())
  return seen
}

async function refusals() {
  const other = (options) => new OpenMemory({ url, ...options })
  return {
    key: await codeOf(() => other({ apiKey: 'a-wrong-key-of-16' }).stats()),
    redirect: await codeOf(() => other({ url: `${elsewhere}/redirect` }).stats()),
    foreign: await codeOf(() => other({ url: `${elsewhere}/other` }).stats()),
    silent: await codeOf(() => other({ url: `${elsewhere}/silent`, timeoutMs: 50 }).stats()),
    unreachable: await codeOf(() => other({ url: 'http://127.0.0.1:9', timeoutMs: 1 }).stats()),
    path: await codeOf(() => new OpenMemory({ path: './x' })),
    nothing: await codeOf(() => new OpenMemory()),
  }
}

globalThis.report(Promise.all([use(), refusals()]).then((seen) => JSON.stringify(seen)))

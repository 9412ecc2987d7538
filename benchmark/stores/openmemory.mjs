// This package, every change synced (`durability: 'flush'`, the default).

import { OpenMemory } from '../../index.mjs'

export const about = { name: '@openmemory/sdk', source: '../package.json', persistent: true }

export async function open(directory, embedder) {
  const { id, dimensions } = embedder
  const embed = (texts) => embedder.embed(texts)
  let om = new OpenMemory({ path: directory, embedder: { id, dimensions, embed } })
  // Opens the store. `ready()` would also test the embedder, which would load a model that searches do not need.
  await om.stats()
  return {
    async add(memories) {
      const results = await om.addMemories(memories)
      const failed = results.find((result) => !result.ok)
      if (failed) throw failed.error
    },
    updateMetadata: (id, metadata) => om.updateMemory(id, { metadata }),
    updateContent: (id, content) => om.updateMemory(id, { content }),
    search: (query, user_id, k) => om.searchMemories(query, { limit: k, filters: { user_id } }),
    /** From here on uses the shipped model instead of the function; its vectors are the same. */
    async embedItself() {
      await om.close()
      om = new OpenMemory({ path: directory })
      await om.ready()
    },
    close: () => om.close(),
  }
}

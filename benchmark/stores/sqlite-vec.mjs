// What one would write by hand with better-sqlite3 and sqlite-vec, see ../sqlite-memories.mjs. Every change is synced.

import { join } from 'node:path'
import { SqliteMemories } from '../sqlite-memories.mjs'

export const about = { name: 'sqlite-vec', source: 'node_modules/sqlite-vec/package.json', persistent: true }

export async function open(directory, embedder) {
  const sqlite = new SqliteMemories(join(directory, 'memories.sqlite'), { vectors: true })
  const embed = async (text) => (await embedder.embed([text]))[0]
  return {
    async add(memories) {
      const vectors = await embedder.embed(memories.map(({ content }) => content))
      sqlite.add(memories.map((memory, at) => ({ ...memory, embedding: vectors[at] })))
    },
    updateMetadata: async (id, metadata) => sqlite.update(id, { metadata }),
    updateContent: async (id, content) => sqlite.updateContent(id, content, await embed(content)),
    search: async (query, user, k) => sqlite.search(await embed(query), user, k),
    close: async () => sqlite.close(),
  }
}

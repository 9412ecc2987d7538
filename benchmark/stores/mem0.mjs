// Mem0 open source with its serverless vector store, and without a language model (`infer: false`).

import { join } from 'node:path'
import process from 'node:process'

export const about = {
  name: 'mem0ai',
  source: 'node_modules/mem0ai/package.json',
  persistent: true,
  // It also embeds fragments of a query, which are not known beforehand.
  embedsToSearch: true,
}

export async function open(directory, embedder) {
  // Read at import time: disables telemetry, and keeps all files in the directory.
  Object.assign(process.env, { MEM0_TELEMETRY: 'false', MEM0_DIR: directory, HOME: directory })
  const { Memory } = await import('mem0ai/oss')
  const numbers = async (texts) => (await embedder.embed(texts)).map((vector) => Array.from(vector))
  const model = { embedQuery: async (text) => (await numbers([text]))[0], embedDocuments: numbers }
  const { dimensions: dimension } = embedder
  const memory = new Memory({
    embedder: { provider: 'langchain', config: { model } },
    vectorStore: {
      provider: 'memory',
      config: { collectionName: 'memories', dimension, dbPath: join(directory, 'vectors.db') },
    },
    historyStore: { provider: 'sqlite', config: { historyDbPath: join(directory, 'history.db') } },
    // Never called.
    llm: { provider: 'openai', config: { apiKey: 'none' } },
  })
  // It generates its own ids.
  const ids = new Map()
  return {
    async add(memories) {
      for (const { id, user_id, content, metadata } of memories) {
        const { results } = await memory.add(content, { userId: user_id, metadata: { ...metadata }, infer: false })
        ids.set(id, results[0].id)
      }
    },
    updateMetadata: (id, metadata) => memory.update(ids.get(id), { metadata }),
    updateContent: (id, text) => memory.update(ids.get(id), { text }),
    async search(query, user_id, k) {
      const { results } = await memory.search(query, { topK: k, threshold: 0, filters: { user_id } })
      return results
    },
    close: async () => {},
  }
}

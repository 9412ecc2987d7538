// LangGraph's InMemoryStore, which stores nothing on disk. A put replaces a whole value and embeds it.

export const about = {
  name: 'LangGraph InMemoryStore',
  source: 'node_modules/@langchain/langgraph/package.json',
  persistent: false,
}

export async function open(_directory, embedder) {
  const { InMemoryStore } = await import('@langchain/langgraph')
  const numbers = async (texts) => (await embedder.embed(texts)).map((vector) => Array.from(vector))
  const embeddings = { embedQuery: async (text) => (await numbers([text]))[0], embedDocuments: numbers }
  const store = new InMemoryStore({ index: { dims: embedder.dimensions, embeddings, fields: ['content'] } })
  const place = ['memories', 'ada']
  const update = async (id, change) => {
    const { value } = await store.get(place, id)
    await store.put(place, id, change(value))
  }
  return {
    add: (memories) =>
      store.batch(memories.map(({ id, ...value }) => ({ namespace: ['memories', value.user_id], key: id, value }))),
    updateMetadata: (id, metadata) =>
      update(id, (value) => ({ ...value, metadata: { ...value.metadata, ...metadata } })),
    updateContent: (id, content) => update(id, (value) => ({ ...value, content })),
    search: (query, user, limit) => store.search(['memories', user], { query, limit }),
    close: async () => store.stop(),
  }
}

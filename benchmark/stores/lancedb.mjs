// LanceDB: a table with an index on the id, and exact vector search. Its files are not synced.

export const about = { name: 'LanceDB', source: 'node_modules/@lancedb/lancedb/package.json', persistent: true }

export async function open(directory, embedder) {
  const { connect, Index } = await import('@lancedb/lancedb')
  const database = await connect(directory)
  let table = (await database.tableNames()).includes('memories') ? await database.openTable('memories') : undefined
  const embed = async (text) => (await embedder.embed([text]))[0]
  const only = (id) => `id = '${id}'`
  return {
    async add(memories) {
      const vectors = await embedder.embed(memories.map(({ content }) => content))
      const rows = memories.map(({ id, user_id, content, tags, metadata }, at) => {
        return { id, user_id, content, tags, metadata: JSON.stringify(metadata), vector: Array.from(vectors[at]) }
      })
      if (table) return table.add(rows)
      table = await database.createTable('memories', rows)
    },
    async filled() {
      await table.createIndex('id', { config: Index.btree() })
      await table.optimize()
    },
    async updateMetadata(id, changes) {
      const [row] = await table.query().where(only(id)).select(['metadata']).limit(1).toArray()
      const metadata = JSON.stringify({ ...JSON.parse(row.metadata), ...changes })
      await again(() => table.update({ where: only(id), values: { metadata } }))
    },
    async updateContent(id, content) {
      const vector = Array.from(await embed(content))
      await again(() => table.update({ where: only(id), values: { content, vector } }))
    },
    async search(query, user_id, k) {
      const nearest = table.vectorSearch(await embed(query)).distanceType('cosine')
      return nearest.where(`user_id = '${user_id}'`).limit(k).toArray()
    },
    close: async () => table?.close(),
  }
}

/** Concurrent updates conflict with each other. */
async function again(update) {
  for (;;) {
    try {
      return await update()
    } catch (error) {
      if (!/conflict|concurrent|retry/i.test(error.message)) throw error
    }
  }
}

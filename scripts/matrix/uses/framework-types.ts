// The subpaths whose declarations name a framework's types, as a strict project with it would use them; compiled, never run.
import type { BaseListChatMessageHistory } from '@langchain/core/chat_history'
import type { BaseRetriever } from '@langchain/core/retrievers'
import type { BaseStore } from '@langchain/langgraph-checkpoint'
import type { OpenMemory } from '@openmemory/sdk'
import { MemoryChatHistory, MemoryRetriever } from '@openmemory/sdk/langchain'
import { OpenMemoryStore } from '@openmemory/sdk/langgraph'
import { OpenMemoryStorage, OpenMemoryVector } from '@openmemory/sdk/mastra'
import { OpenMemory as WebMemory } from '@openmemory/sdk/remote'

export async function uses(om: OpenMemory): Promise<void> {
  const web = new WebMemory({ url: 'http://localhost:8080' })
  for (const store of [om, web]) {
    const retriever: BaseRetriever = new MemoryRetriever(store, { userId: 'ada', limit: 3 })
    await retriever.invoke('tea')
    const history: BaseListChatMessageHistory = new MemoryChatHistory(store, { sessionId: 'chat' })
    await history.clear()
    const items: BaseStore = new OpenMemoryStore(store, { fields: ['text'] })
    await items.put(['ada'], 'key', { text: 'drinks tea' })
    // A CommonJS file cannot name the types of Mastra, which is an ES module.
    const vectors = new OpenMemoryVector(store, { id: 'memory' })
    await vectors.createIndex({ indexName: new OpenMemoryStorage(store).id, dimension: 384 })
    // @ts-expect-error a dimension is a number
    await vectors.createIndex({ indexName: 'index', dimension: '384' })
  }
  // @ts-expect-error a conversation has a name
  new MemoryChatHistory(om, { userId: 'ada' })
  // @ts-expect-error there is no such option
  new OpenMemoryStore(om, { ttl: 1 })
}
